"""What must hold for any terms and any count. SETTLEMENT_EXAMPLES sets how many are tried, 300 by default."""

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dipportal.contracts import settlement_rules as rule
from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement import (
    Evening,
    Settlement,
    Terms,
    Tranche,
    break_even,
    evening_of,
    preview,
    settle,
)

many = settings(max_examples=int(os.environ.get("SETTLEMENT_EXAMPLES", "300")), deadline=None)
KINDS = pytest.mark.parametrize("kind", list(ContractType))

cents = st.one_of(st.none(), st.integers(0, 3_000_000), st.integers(0, 50))
percentages = st.one_of(
    st.sampled_from([Decimal(0), Decimal(100)]), st.integers(0, 1_000_000).map(lambda one: Decimal(one) / 10_000)
)
maybe_percentages = st.one_of(st.none(), percentages)


@st.composite
def slices(draw: st.DrawFn) -> tuple[Tranche, ...]:
    bounds: list[int | None] = [*sorted(draw(st.sets(st.integers(0, 2_000_000), max_size=4)))]
    if draw(st.booleans()):
        bounds.append(None)
    return tuple(Tranche(bound, draw(percentages)) for bound in bounds)


@st.composite
def terms_of_kind(draw: st.DrawFn, kind: ContractType, **fixed: Any) -> Terms:
    values: dict[str, Any] = {
        "copyright_percentage": draw(maybe_percentages),
        "copyright_part_added": draw(st.booleans()),
        "theater_surcharge": draw(st.one_of(st.none(), st.integers(0, 1000))),
        "guarantee_per_performance": draw(st.booleans()),
    }
    if kind in (ContractType.PARTAGE, ContractType.SUPPLETION):
        values["provider_share"] = draw(maybe_percentages)
    if kind == ContractType.VOLUME:
        values |= {"tranches": draw(slices()), "shared_costs": draw(cents)}
    if kind in (ContractType.PARTAGE, ContractType.VOLUME):
        side = draw(st.sampled_from(["provider_guarantee", "receiver_guarantee", "shared_costs"]))
        values |= {side: draw(cents)}
    if kind == ContractType.SUPPLETION:
        values |= {"suppletion_amount": draw(cents), "suppletion_guarantee": draw(cents)}
    if kind == ContractType.BUYOUT:
        values["buyout_amount"] = draw(cents)
    if kind == ContractType.RENT:
        values |= {"rent": draw(cents), "other_costs": draw(cents)}
    return Terms(kind=kind, **{**values, **fixed})


dates = st.sampled_from([None, date(2018, 12, 31), date(2026, 3, 1)])
evening = st.builds(Evening, st.one_of(st.integers(0, 5_000_000), st.integers(0, 300)), st.integers(0, 2000), dates)
tour = st.lists(evening, min_size=1, max_size=5)


def identity_holds(result: Settlement, evenings: list[Evening]) -> None:
    whole = Decimal(sum(one.box_office for one in evenings)) / 100
    assert sum(result.parts.values()) == whole
    assert all(line.amount == line.amount.quantize(Decimal("0.01")) for line in result.lines)


# --- the parts


@KINDS
@many
@given(data=st.data(), evenings=tour)
def test_the_parts_are_the_whole_to_the_cent(kind: ContractType, data: st.DataObject, evenings: list[Evening]) -> None:
    """box office = surcharges + VAT + copyright due + shared costs + provider + receiver, for each type."""
    terms = data.draw(terms_of_kind(kind))
    result = settle(terms, evenings)
    identity_holds(result, evenings)
    at = result.amount
    assert at("revenue") == at("box_office") - at("surcharges") == at("revenue_ex") + at("vat")
    assert at("net") == at("revenue_ex") - at("copyright")
    assert at("invoice") == at("invoice_provider") + at("invoice_copyright")
    own = {
        # What a side gets beside its share comes from the other side, and is no part of its own.
        ContractType.PARTAGE: at("share") + at("guarantee_added") - at("guarantee_ceded"),
        ContractType.VOLUME: at("share") + at("guarantee_added") - at("guarantee_ceded"),
        ContractType.SUPPLETION: at("share") + at("suppletion"),
        ContractType.BUYOUT: at("buyout"),
        ContractType.RENT: at("net") - at("rent") - at("other_costs"),
    }
    assert result.provider == own[kind]
    assert result.receiver == at("net") - at("shared_costs") - own[kind] - at("copyright_extra")
    if kind == ContractType.RENT:
        assert result.receiver == at("rent") + at("other_costs")
    if kind != ContractType.VOLUME:
        assert at("shared_costs") == 0
    assert all(at(code) >= 0 for code in ("surcharges", "revenue", "vat", "copyright", "net", "guarantee_added"))


@KINDS
@many
@given(data=st.data(), evenings=tour)
def test_the_order_of_the_evenings_does_not_matter(
    kind: ContractType, data: st.DataObject, evenings: list[Evening]
) -> None:
    terms = data.draw(terms_of_kind(kind))
    other = data.draw(st.permutations(evenings))
    assert settle(terms, other).lines == settle(terms, evenings).lines


# --- what may only go up


@KINDS
@many
@given(data=st.data(), evenings=tour, more=st.one_of(st.integers(1, 3), st.integers(1, 1_000_000)))
def test_more_revenue_is_never_less_for_a_side(
    kind: ContractType, data: st.DataObject, evenings: list[Evening], more: int
) -> None:
    """For both sides of every type: each rounding step follows its amount by at most the same cent, and the copyright
    over a guarantee shrinks as that on the revenue grows."""
    terms = data.draw(terms_of_kind(kind))
    better = [replace(evenings[0], box_office=evenings[0].box_office + more), *evenings[1:]]
    before, after = settle(terms, evenings), settle(terms, better)
    assert after.provider >= before.provider
    assert after.receiver >= before.receiver


@KINDS
@many
@given(data=st.data(), evenings=tour, more=st.integers(1, 500))
def test_more_tickets_for_the_same_revenue_are_never_more_for_a_side(
    kind: ContractType, data: st.DataObject, evenings: list[Evening], more: int
) -> None:
    """Where it falls: each ticket takes its surcharge off, so tickets alone do not count as growth."""
    terms = data.draw(terms_of_kind(kind))
    fuller = [replace(evenings[0], tickets=evenings[0].tickets + more), *evenings[1:]]
    before, after = settle(terms, evenings), settle(terms, fuller)
    assert after.provider <= before.provider
    assert after.receiver <= before.receiver


PROMISES = [
    (ContractType.PARTAGE, "provider_guarantee", "provider"),
    (ContractType.PARTAGE, "receiver_guarantee", "receiver"),
    (ContractType.VOLUME, "provider_guarantee", "provider"),
    (ContractType.VOLUME, "receiver_guarantee", "receiver"),
    (ContractType.SUPPLETION, "suppletion_amount", "provider"),
    (ContractType.SUPPLETION, "suppletion_guarantee", "provider"),
    (ContractType.BUYOUT, "buyout_amount", "provider"),
    (ContractType.RENT, "rent", "receiver"),
    (ContractType.RENT, "other_costs", "receiver"),
]


@pytest.mark.parametrize(("kind", "name", "side"), PROMISES)
@many
@given(data=st.data(), evenings=tour, amount=cents, more=st.integers(1, 1_000_000))
def test_more_is_promised_never_less_for_whom_it_is_promised(
    *,
    kind: ContractType,
    name: str,
    side: str,
    data: st.DataObject,
    evenings: list[Evening],
    amount: int | None,
    more: int,
) -> None:
    none = {"provider_guarantee": None, "receiver_guarantee": None}
    terms = data.draw(terms_of_kind(kind, **{**none, name: amount}))
    promised: dict[str, Any] = {name: (amount or 0) + more}
    before, after = settle(terms, evenings), settle(replace(terms, **promised), evenings)
    other = "receiver" if side == "provider" else "provider"
    assert getattr(after, side) >= getattr(before, side)
    assert getattr(after, other) <= getattr(before, other)


@many
@given(data=st.data(), evenings=tour, more=percentages)
def test_a_larger_share_is_never_less_for_the_provider(
    data: st.DataObject, evenings: list[Evening], more: Decimal
) -> None:
    for kind in (ContractType.PARTAGE, ContractType.SUPPLETION):
        terms = data.draw(terms_of_kind(kind))
        larger = replace(terms, provider_share=max(terms.provider_share or Decimal(0), more))
        assert settle(larger, evenings).provider >= settle(terms, evenings).provider


@many
@given(data=st.data(), evenings=tour)
def test_per_performance_is_never_less_than_on_the_total(data: st.DataObject, evenings: list[Evening]) -> None:
    for kind in (ContractType.PARTAGE, ContractType.SUPPLETION):
        terms = data.draw(terms_of_kind(kind, guarantee_per_performance=False))
        side = "receiver" if terms.receiver_guarantee else "provider"
        each = replace(terms, guarantee_per_performance=True)
        assert getattr(settle(each, evenings), side) >= getattr(settle(terms, evenings), side)


@many
@given(data=st.data(), evenings=tour)
def test_who_has_a_guarantee_gets_it(data: st.DataObject, evenings: list[Evening]) -> None:
    for kind in (ContractType.PARTAGE, ContractType.VOLUME):
        terms = data.draw(terms_of_kind(kind))
        result = settle(terms, evenings)
        times = len(evenings) if terms.per_performance else 1
        if terms.provider_guarantee:
            assert result.provider * 100 >= terms.provider_guarantee * times
        if terms.receiver_guarantee:
            assert result.receiver * 100 >= terms.receiver_guarantee * times


# --- against sums without any rounding on the way


def half_up(amount: Fraction) -> Decimal:
    return Decimal(floor(amount * 100 + Fraction(1, 2))) / 100


@many
@given(
    box_office=st.integers(0, 50_000_000),
    surcharge=st.integers(0, 500),
    tickets=st.integers(0, 3000),
    copyright_=percentages,
    share=percentages,
    part_added=st.booleans(),
)
def test_each_line_is_the_exact_fraction_rounded_half_up(
    *, box_office: int, surcharge: int, tickets: int, copyright_: Decimal, share: Decimal, part_added: bool
) -> None:
    terms = Terms(
        kind=ContractType.PARTAGE,
        provider_share=share,
        copyright_percentage=copyright_,
        copyright_part_added=part_added,
        theater_surcharge=surcharge,
    )
    result = settle(terms, [Evening(box_office, tickets)])
    revenue = Fraction(max(0, box_office - surcharge * tickets), 100)
    revenue_ex = half_up(revenue * 100 / 109)
    rate = Fraction(copyright_)
    taken = half_up(Fraction(revenue_ex) * rate / ((100 + rate) if part_added else 100))
    net = revenue_ex - taken
    found = tuple(result.amount(code) for code in ("revenue_ex", "copyright", "net", "provider"))
    assert found == (revenue_ex, taken, net, half_up(Fraction(net) * Fraction(share) / 100))


@many
@given(divided=st.integers(0, 3_000_000), cut=slices())
def test_tranches_are_the_sum_over_every_cent_of_the_revenue(divided: int, cut: tuple[Tranche, ...]) -> None:
    """Each slice on its own, from its bounds, instead of one after the other."""
    floors = [0, *(one.up_to or 0 for one in cut)]
    whole = Fraction(0)
    for start, one in zip(floors, cut, strict=False):
        end = divided if one.up_to is None else one.up_to
        whole += Fraction(max(0, min(end, divided) - start), 100) * Fraction(one.percentage) / 100
    bounds = [(None if one.up_to is None else Decimal(one.up_to) / 100, one.percentage) for one in cut]
    assert rule.tranches(Decimal(divided) / 100, bounds) == half_up(whole)


# --- before a ticket is sold


halls = st.lists(st.lists(st.integers(0, 40), min_size=1, max_size=3).filter(any), min_size=1, max_size=3)


@KINDS
@many
@given(data=st.data(), capacity=halls, prices=st.lists(st.integers(0, 6000), min_size=3, max_size=3))
def test_a_preview_adds_up_and_never_falls(
    kind: ContractType, data: st.DataObject, capacity: list[list[int]], prices: list[int]
) -> None:
    terms = data.draw(terms_of_kind(kind, theater_surcharge=100))
    prices = [price if price == 0 else price + 100 for price in prices]
    shown = preview(terms, capacity, prices, fractions=[0, 10, 33, 50, 99, 100])
    for _, result in shown:
        assert sum(result.parts.values()) == result.amount("box_office")
    for side in ("provider", "receiver"):
        amounts = [getattr(result, side) for _, result in shown]
        assert amounts == sorted(amounts)
    full = [evening_of(ranks, prices, 100) for ranks in capacity]
    assert shown[-1][1] == settle(terms, full)


@pytest.mark.parametrize("kind", [ContractType.PARTAGE, ContractType.VOLUME, ContractType.SUPPLETION])
@many
@given(data=st.data(), capacity=halls, prices=st.lists(st.integers(0, 6000), min_size=3, max_size=3))
def test_break_even_is_where_the_supplement_ends(
    kind: ContractType, data: st.DataObject, capacity: list[list[int]], prices: list[int]
) -> None:
    """Held against every second percent: with fewer tickets something is added, from there on nothing."""
    own: dict[str, Any] = {"provider_guarantee": None, "receiver_guarantee": None}
    if kind == ContractType.SUPPLETION:
        own = {name: data.draw(st.integers(1, 200_000)) for name in ("suppletion_amount", "suppletion_guarantee")}
    else:
        own["provider_guarantee"] = data.draw(st.one_of(st.none(), st.integers(1, 200_000)))
    terms = data.draw(terms_of_kind(kind, theater_surcharge=0, **own))
    found = break_even(terms, capacity, prices)
    code = "suppletion" if kind == ContractType.SUPPLETION else "guarantee_added"
    seen: dict[int, bool] = {}
    for step in range(0, 1001, 20):
        sold = [[int(seats * Fraction(step, 1000) + Fraction(1, 2)) for seats in ranks] for ranks in capacity]
        tickets = sum(map(sum, sold))
        if tickets not in seen:
            result = settle(terms, [evening_of(ranks, prices) for ranks in sold])
            seen[tickets] = result.amount(code) == 0
    full = settle(terms, [evening_of(ranks, prices) for ranks in capacity])
    if found is None:
        assert not own.get("provider_guarantee", own.get("suppletion_amount")) or full.amount(code) > 0
        return
    assert 0 < found.tickets <= found.seats == sum(map(sum, capacity))
    assert full.amount(code) == 0
    assert all(ended is (tickets >= found.tickets) for tickets, ended in seen.items())


@many
@given(seats=st.integers(1, 60), price=st.integers(1, 5000), guarantee=st.integers(1, 150_000), share=percentages)
def test_break_even_is_what_counting_ticket_by_ticket_finds(
    seats: int, price: int, guarantee: int, share: Decimal
) -> None:
    terms = Terms(kind=ContractType.PARTAGE, provider_share=share, provider_guarantee=guarantee)
    earned = (n for n in range(seats + 1) if settle(terms, [Evening(n * price, n)]).amount("guarantee_added") == 0)
    found = break_even(terms, [[seats]], [price])
    assert (found.tickets if found else None) == next(earned, None)
