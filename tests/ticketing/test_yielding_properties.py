"""Whatever counts come in: the parts add up to the box office, both sides to what is divided, and nothing is lost."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.yielding import Expected, Sums, Yielded, yielded
from tests.world import evening

NOW = timezone.now()
TERMS: dict[ContractType, dict[str, Any]] = {
    ContractType.PARTAGE: {"provider_share": Decimal(80)},
    ContractType.VOLUME: {
        "tranches": [{"amount": 300000, "percentage": "100"}, {"amount": OPEN_END, "percentage": "60"}],
        "shared_costs": 80000,
    },
    ContractType.BUYOUT: {"buyout_amount": 450000},
    ContractType.SUPPLETION: {
        "provider_share": Decimal(75), "suppletion_amount": 200000, "suppletion_guarantee": 450000
    },
    ContractType.RENT: {"rent": 200000, "other_costs": 35000},
}  # fmt: skip


@st.composite
def counts(draw: st.DrawFn, source: Source) -> TicketCount:
    """As a source can tell it, by kind or in total only, before the evening or after it."""
    numbers = {str(kind): draw(st.integers(0, 600)) for kind in TicketKind}
    tickets = sum(numbers.values())
    if draw(st.booleans()):
        numbers = dict.fromkeys(numbers, None)  # type: ignore[arg-type]
    return TicketCount(
        source=source,
        tickets=tickets,
        revenue_cents=draw(st.integers(0, 3_000_000)),
        counted_at=evening(draw(st.integers(-20, 20)), minute=draw(st.integers(0, 59))),
        **numbers,
    )


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    off = draw(st.sampled_from(["", "", "", "cancelled", "missing"]))
    performance = Performance(
        starts_at=evening(draw(st.integers(-10, 10))),
        theater_id=19,
        capacity=draw(st.sampled_from([[], [500], [200, 100]])),
        status=PerformanceStatus.CANCELLED if off == "cancelled" else PerformanceStatus.AGREED,
        missing_since=NOW if off == "missing" else None,
    )
    sources = draw(st.sets(st.sampled_from(list(Source))))
    return Standing(performance, counts={source: draw(counts(source)) for source in sorted(sources)})


AMOUNTS = st.sampled_from([None, 0, 1, 500_000, 620_000])


@st.composite
def agreements(draw: st.DrawFn, kind: ContractType) -> Contract:
    terms = dict(TERMS[kind])
    if kind in (ContractType.PARTAGE, ContractType.VOLUME):
        terms[draw(st.sampled_from(["provider_guarantee", "receiver_guarantee"]))] = draw(AMOUNTS)
    if kind in (ContractType.PARTAGE, ContractType.SUPPLETION):
        terms["guarantee_per_performance"] = draw(st.booleans())
    if kind != ContractType.RENT:
        terms |= {"copyright_percentage": Decimal(12), "copyright_part_added": draw(st.booleans())}
    return Contract(type=kind, theater_id=19, theater_surcharge=draw(st.sampled_from([None, 0, 250])), **terms)


def adds_up(sums: Sums) -> None:
    whole = Decimal(sum(one.box_office for one in sums.evenings)) / 100
    assert sum(sums.settlement.parts.values()) == whole
    at = sums.settlement.amount
    assert sums.provider.tickets + sums.receiver.tickets == at("net") - at("shared_costs")
    assert sums.provider.fixed + sums.receiver.fixed == -at("copyright_extra")
    assert sums.provider.together == sums.settlement.provider
    assert sums.receiver.together == sums.settlement.receiver


def the_evenings_are_the_whole(found: Yielded, sums: Sums) -> None:
    counted = [one for one in found.evenings if one.net is not None]
    assert sum(one.net.net for one in counted if one.net) == sums.settlement.amount("net")
    if found.divided:
        assert sum(one.provider or Decimal(0) for one in counted) == sums.provider.together
        assert sum(one.receiver or Decimal(0) for one in counted) == sums.receiver.together
    else:
        assert {(one.provider, one.receiver) for one in counted} == {(None, None)}


@pytest.mark.parametrize("kind", list(ContractType))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_parts_are_the_box_office_whatever_is_counted(kind: ContractType, data: st.DataObject) -> None:
    contract = data.draw(agreements(kind))
    evenings = data.draw(st.lists(standings(), min_size=1, max_size=4))
    ends = sorted(data.draw(st.lists(st.integers(0, 900), min_size=3, max_size=3)))
    found = yielded(contract, evenings, now=NOW, forecast=lambda _one: Expected(*ends))
    assert found.reason == ""
    assert len(found.counted) + len(found.left_out) == len(evenings)
    if found.so_far is not None:
        told = [one.count.revenue_cents or 0 for one in found.counted if one.count is not None]
        assert found.so_far.box_office == sum(told)
        adds_up(found.so_far)
        the_evenings_are_the_whole(found, found.so_far)
    else:
        assert found.counted == []
    if found.pace is not None:
        for sums in (found.pace.low, found.pace.expected, found.pace.high):
            adds_up(sums)
        assert found.pace.low.box_office <= found.pace.expected.box_office <= found.pace.high.box_office
