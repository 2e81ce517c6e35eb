"""Each line of a settlement in words, and which lines are estimates because of what they are worked out from."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement import LABELS, Evening, Settlement, Terms, Tranche, settle
from dipportal.contracts.settlement_words import FROM, estimates, in_words
from tests.contracts.test_settlement_properties import terms_of_kind

BASE = [Evening(801_000, 300)]
TRANCHES = (Tranche(300_000, Decimal(100)), Tranche(600_000, Decimal(60)), Tranche(None, Decimal(80)))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def base_case(kind: ContractType, **terms: Any) -> tuple[Terms, Settlement]:
    common = {"theater_surcharge": 250, "copyright_percentage": Decimal(12)}
    made = Terms(kind, **{**common, **terms})
    return made, settle(made, BASE)


@pytest.mark.parametrize("kind", list(ContractType))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_line_of_every_agreement_has_words(kind: ContractType, data: st.DataObject) -> None:
    terms = data.draw(terms_of_kind(kind))
    with translation.override("en"):
        words = [in_words(line, terms, BASE) for line in settle(terms, BASE).lines]
    assert all(words)
    assert not any("%(" in one for one in words)


def words_of(kind: ContractType, **terms: Any) -> dict[str, str]:
    made, found = base_case(kind, **terms)
    return {line.code: in_words(line, made, BASE).replace("\u00a0", " ") for line in found.lines}


def test_the_words_carry_the_numbers_of_the_agreement() -> None:
    volume = words_of(ContractType.VOLUME, tranches=TRANCHES, shared_costs=80_000)
    assert volume["share"] == (
        "of the revenue to be divided: 100 % from € 0,00 to € 3.000,00, 60 % from € 3.000,00 to € 6.000,00,"
        " 80 % above € 6.000,00"
    )
    straight = words_of(ContractType.PARTAGE, provider_share=Decimal("82.5"), copyright_part_added=False)
    assert straight["copyright"] == "12/100 of the revenue excluding VAT"
    assert straight["share"] == "82,5 % of the net revenue"
    suppletion = words_of(ContractType.SUPPLETION, suppletion_amount=200_000, suppletion_guarantee=450_000)
    assert suppletion["suppletion"] == "brings the provider's share up to € 4.500,00, with at most € 2.000,00"
    each = words_of(ContractType.PARTAGE, provider_guarantee=500_000, guarantee_per_performance=True)
    assert each["guarantee_added"] == "the provider gets at least € 5.000,00 for each performance"


def test_the_vat_of_each_evening_is_named() -> None:
    terms = Terms(ContractType.RENT, rent=1)
    evenings = [Evening(1000, 1, date(2018, 12, 31)), Evening(1000, 1, date(2019, 1, 1))]
    lines = {line.code: line for line in settle(terms, evenings).lines}
    assert in_words(lines["vat"], terms, evenings).replace("\u00a0", " ").startswith("6 % / 9 % of")


def test_a_surcharge_that_was_capped_says_so() -> None:
    terms = Terms(ContractType.PARTAGE, theater_surcharge=250)
    evenings = [Evening(1000, 10)]
    lines = {line.code: line for line in settle(terms, evenings).lines}
    assert "never more than was paid" in in_words(lines["surcharges"], terms, evenings)


# --- estimates -----------------------------------------------------------------------------------------------------
def test_every_line_that_a_line_rests_on_exists() -> None:
    assert set(FROM) | {one for codes in FROM.values() for one in codes} <= set(LABELS)


def test_the_base_case_is_no_estimate() -> None:
    assert (
        estimates(base_case(ContractType.PARTAGE, provider_share=Decimal(80), provider_guarantee=1)[1]) == frozenset()
    )


def test_what_follows_from_a_reading_is_one_too_and_nothing_before_it() -> None:
    _terms, found = base_case(ContractType.PARTAGE, provider_share=Decimal(80), copyright_part_added=False)
    marked = estimates(found)
    assert {"copyright", "net", "share", "provider", "copyright_due", "receiver", "invoice"} <= marked
    assert not {"box_office", "surcharges", "revenue", "vat", "revenue_ex"} & marked


def test_the_division_by_tranches_leaves_net_revenue_and_copyright_alone() -> None:
    _terms, found = base_case(ContractType.VOLUME, tranches=TRANCHES)
    marked = estimates(found)
    assert {"share", "provider", "receiver", "invoice_provider", "invoice"} <= marked
    assert not {"net", "copyright", "copyright_due", "invoice_copyright"} & marked


@pytest.mark.parametrize(
    ("kind", "terms", "sure"),
    [
        (ContractType.BUYOUT, {"buyout_amount": 450_000}, {"buyout", "provider", "invoice_provider"}),
        (ContractType.RENT, {"rent": 200_000, "other_costs": 0}, {"rent", "other_costs", "receiver"}),
    ],
)
def test_a_guess_at_paid_tickets_leaves_fixed_amounts_alone(
    kind: ContractType, terms: dict[str, Any], sure: set[str]
) -> None:
    _terms, found = base_case(kind, **terms)
    marked = estimates(found, ["surcharges"])
    assert {"surcharges", "net"} <= marked
    assert not sure & marked


def test_terms_that_are_missing_make_an_estimate_of_all_but_what_was_counted() -> None:
    _terms, found = base_case(ContractType.PARTAGE)
    assert found.missing
    assert estimates(found) == {line.code for line in found.lines} - {"box_office"}
