"""The table of terms, and the columns, constraints and rules that follow from it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from dipportal.contracts import rules
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, OPEN_END, TERMS, Unit, normalise, rejectable, terms_of
from tests.world import World

A_VALUE: dict[Unit, Any] = {
    Unit.CENTS: 12345,
    Unit.PERCENT: Decimal("12.5000"),
    Unit.FLAG: True,
    Unit.COUNT: 3,
    Unit.TEXT: "tekst",
    Unit.PRICES: [2750, 2350],
    Unit.TRANCHES: [{"amount": 400000, "percentage": "100.00"}, {"amount": 99999999, "percentage": "50.00"}],
}


def test_every_term_is_a_column_and_named_once() -> None:
    columns = {field.name for field in Contract._meta.get_fields()}
    names = [term.name for term in TERMS]
    assert len(names) == len(set(names))
    assert set(names) <= columns


@pytest.mark.parametrize("kind", ContractType.values)
def test_every_term_of_a_type_is_kept_as_given(world: World, kind: str) -> None:
    terms = {term.name: A_VALUE[term.unit] for term in terms_of(kind) if term.name != "receiver_guarantee"}
    contract = world.contract(kind=kind, terms=terms)
    contract.refresh_from_db()
    assert {name: getattr(contract, name) for name in terms} == terms


@pytest.mark.parametrize("name", [term.name for term in TERMS if len(term.types) < len(ContractType)])
def test_the_database_refuses_a_term_of_another_type(world: World, name: str) -> None:
    term = BY_NAME[name]
    stranger = next(kind for kind in ContractType if kind not in term.types)
    contract = world.contract(kind=stranger)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(**{name: A_VALUE[term.unit]})


def test_the_database_refuses_two_guarantees(world: World) -> None:
    contract = world.contract()
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(provider_guarantee=1, receiver_guarantee=1)


@pytest.mark.parametrize("name", [term.name for term in TERMS if term.unit is Unit.PERCENT])
def test_the_database_refuses_percentages_out_of_range(world: World, name: str) -> None:
    contract = world.contract(kind=BY_NAME[name].types[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(**{name: Decimal("100.5")})


def test_a_term_of_another_type_is_no_term() -> None:
    with pytest.raises(KeyError):
        normalise("buyout", {"provider_share": Decimal(80)})


def test_only_one_guarantee_in_words() -> None:
    faults = rules.faults_in_terms("partage", {"provider_guarantee": 1, "receiver_guarantee": 1}, complete=False)
    assert set(faults) == {"receiver_guarantee"}


@pytest.mark.parametrize(
    ("entrance", "settlement", "surcharge", "warnings"),
    [
        ([2750], [2500], 250, 0),
        ([2750, 2350], [2500, 2100], 250, 0),
        ([2750], [2600], 250, 1),
        ([2750, 2350], [2500], 250, 1),
        ([2250, 1900, 1700, 1500], [1825, 1475, 1275, 1075], 425, 0),
        ([2750, 0], [2500, 0], 250, 0),
        ([], [2500], 250, 0),
    ],
)
def test_a_settlement_price_that_does_not_add_up_is_warned_of(
    entrance: list[int], settlement: list[int], surcharge: int, warnings: int
) -> None:
    terms = {"entrance_prices": entrance, "settlement_prices": settlement, "theater_surcharge": surcharge}
    assert len(rules.warnings_in_terms("partage", terms)) == warnings


@pytest.mark.parametrize("bounds", [[500, 400], [400, 400]])
def test_tranches_rise(bounds: list[int]) -> None:
    rows = [{"amount": bound, "percentage": "50.00"} for bound in bounds]
    assert "tranches" in rules.faults_in_terms("volume", {"tranches": rows}, complete=False)


def test_a_proposal_says_what_happens_above_the_last_bound() -> None:
    rows = [{"amount": 400000, "percentage": "50.00"}]
    values = {"tranches": rows, "copyright_percentage": 12}
    assert "tranches" not in rules.faults_in_terms("volume", values, complete=False)
    assert "tranches" in rules.faults_in_terms("volume", values, complete=True)
    open_ended = {**values, "tranches": [*rows, {"amount": OPEN_END, "percentage": "60.00"}]}
    assert rules.faults_in_terms("volume", open_ended, complete=True) == {}


@pytest.mark.parametrize("kind", ContractType.values)
def test_every_term_of_a_type_can_be_rejected(kind: str) -> None:
    assert {term.name for term in terms_of(kind)} | {"start_time"} == set(rejectable(kind))
