"""The comparison of two versions shows exactly what differs, held against the raw data."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dipportal.catalogue.models import Performance
from dipportal.contracts import actions, rules
from dipportal.contracts.differences import Comparison, Part, choose, compare, pick, since_withdrawn, version_before
from dipportal.contracts.display import groups
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, OPEN_END, TERMS, Term, Unit, terms_of
from tests.world import World, evening

cents = st.integers(0, 3).map(lambda number: number * 12345)
percents = st.sampled_from(["0", "12", "12.5", "80", "80.0001", "100"]).map(Decimal)
tranches = st.lists(st.tuples(cents, st.sampled_from(["60", "60.00", "70.5", "80"])), max_size=3).map(
    lambda rows: [{"amount": amount, "percentage": share} for amount, share in rows]
)
RAW: dict[Unit, st.SearchStrategy[Any]] = {
    Unit.CENTS: cents,
    Unit.PERCENT: percents,
    Unit.FLAG: st.booleans(),
    Unit.COUNT: st.integers(0, 2),
    Unit.TEXT: st.sampled_from(["", "Zonder pauze.", "Zonder pauze.\r\nMet band.", "Zonder pauze.\nMet band.", " "]),
    Unit.PRICES: st.lists(cents, max_size=3),
    Unit.TRANCHES: tranches,
}
NEVER_NULL = {"remarks", "entrance_prices", "settlement_prices"}


def raw(term: Term) -> st.SearchStrategy[Any]:
    return RAW[term.unit] if term.name in NEVER_NULL else st.one_of(st.none(), RAW[term.unit])


@st.composite
def columns(draw: st.DrawFn, kind: str, start: dict[str, Any] | None = None) -> dict[str, Any]:
    """The columns of one version; with `start`, those of another one of the type with some of them drawn anew."""
    names = [term.name for term in terms_of(kind)]
    anew = draw(st.sets(st.sampled_from(names))) if start is not None else set(names)
    values = {term.name: draw(raw(term)) if term.name in anew else (start or {})[term.name] for term in terms_of(kind)}
    if values.get("provider_guarantee"):
        values["receiver_guarantee"] = None
    return values


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, dict[str, Any], str, dict[str, Any]]:
    kind = draw(st.sampled_from(ContractType.values))
    other = draw(st.one_of(st.just(kind), st.sampled_from(ContractType.values)))
    one = draw(columns(kind))
    return kind, one, other, draw(columns(other, one if other == kind else None))


def meaning(term: Term, value: Any) -> Any:
    """What a column says, worked out without the table's own ideas of 'the same'."""
    match term.unit:
        case Unit.FLAG:
            return term.name == "copyright_part_added" if value is None else value
        case Unit.TEXT:
            return "\n".join(value.splitlines()).strip()
        case Unit.TRANCHES:
            return [(row["amount"], float(row["percentage"])) for row in value or []]
        case Unit.PRICES:
            return value or []
        case _:
            return value or 0


def differing(kind: str, one: dict[str, Any], other_kind: str, other: dict[str, Any]) -> set[str]:
    found = set()
    for term in TERMS:
        absent = False if term.unit is Unit.FLAG else meaning(term, "" if term.unit is Unit.TEXT else None)
        was = meaning(term, one[term.name]) if term.has(kind) else absent
        is_now = meaning(term, other[term.name]) if term.has(other_kind) else absent
        if was != is_now:
            found.add(term.name)
    return found


def kept(world: World, kind: str, values: dict[str, Any], evenings: list[Performance]) -> Contract:
    contract = Contract.objects.create(
        provider=world.agency, production=world.production, producer=world.producer, theater=world.theater, type=kind,
        **values,
    )  # fmt: skip
    contract.performances.set(evenings)
    return contract


def swapped(comparison: Comparison) -> list[Any]:
    return [(change.name, change.new_raw, change.old_raw, change.new, change.old) for change in comparison.changes]


def straight(comparison: Comparison) -> list[Any]:
    return [(change.name, change.old_raw, change.new_raw, change.old, change.new) for change in comparison.changes]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=pairs(), chosen=st.tuples(st.sets(st.integers(0, 2)), st.sets(st.integers(0, 2))))
def test_exactly_what_differs_in_the_raw_data_is_shown(
    world: World, pair: tuple[str, dict[str, Any], str, dict[str, Any]], chosen: tuple[set[int], set[int]]
) -> None:
    kind, one, other_kind, other = pair
    evenings = [{world.performances[index] for index in some} for some in chosen]
    old, new = kept(world, kind, one, list(evenings[0])), kept(world, other_kind, other, list(evenings[1]))
    found = compare(old, new)
    assert {change.name for change in found.terms} == differing(*pair)
    assert (found.type is not None) == (kind != other_kind)
    assert (set(found.added), set(found.removed)) == (evenings[1] - evenings[0], evenings[0] - evenings[1])
    assert found.differs == bool(differing(*pair) or kind != other_kind or evenings[0] != evenings[1])
    back = compare(new, old)
    assert swapped(back) == straight(found)
    assert (back.added, back.removed) == (found.removed, found.added)
    for change in found.changes:
        assert change.old != change.new, "a change that nobody can see"
        assert not change.parts or any(part.changed for part in change.parts)
    for version in (old, new):
        assert not compare(version, version).differs
    if kind == other_kind:
        assert [change.name for change in found.terms] == rules.changed_terms(old, new.term_values())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=pairs())
def test_the_page_of_a_version_marks_what_the_comparison_shows(
    world: World, pair: tuple[str, dict[str, Any], str, dict[str, Any]]
) -> None:
    kind, one, other_kind, other = pair
    old, new = (
        kept(world, kind, {**one, **filled(kind)}, []),
        kept(world, other_kind, {**other, **filled(other_kind)}, []),
    )
    both = {term.name for term in TERMS if term.has(kind) and term.has(other_kind)}
    marked = {row.term.name for group in groups(new, old) for row in group.rows if row.changed}
    assert marked == {change.name for change in compare(old, new).terms} & both


def filled(kind: str) -> dict[str, bool]:
    """Columns that the portal never leaves empty."""
    return {"copyright_part_added": True} if BY_NAME["copyright_part_added"].has(kind) else {}


def test_swapping_two_versions_swaps_the_columns_of_every_part(world: World) -> None:
    tranches = [{"amount": 500000, "percentage": "60"}, {"amount": OPEN_END, "percentage": "80"}]
    more = [{"amount": 500000, "percentage": "65"}, {"amount": 900000, "percentage": "70"}, tranches[1]]
    old = kept(world, "volume", {"tranches": tranches, "entrance_prices": [2800, 2400]}, world.performances)
    new = kept(world, "volume", {"tranches": more, "entrance_prices": [2800]}, world.performances)
    with translation.override("en"):
        found, back = compare(old, new), compare(new, old)
        tranche_rows, prices = (change.parts for change in found.terms)
        assert tranche_rows == [
            Part("tranche 1", "up to €\u00a05.000,00: 60\u00a0%", "up to €\u00a05.000,00: 65\u00a0%"),
            Part("tranche 2", "above that: 80\u00a0%", "up to €\u00a09.000,00: 70\u00a0%"),
            Part("tranche 3", "", "above that: 80\u00a0%"),
        ]
        assert prices == [
            Part("rank 1", "€\u00a028,00", "€\u00a028,00"),
            Part("rank 2", "€\u00a024,00", ""),
        ]
        assert [[Part(row.label, row.new, row.old) for row in change.parts] for change in back.terms] == [
            tranche_rows,
            prices,
        ]
        assert [line.label for line in found.lines()] == [
            *("Tranches, tranche 1", "Tranches, tranche 2", "Tranches, tranche 3", "Entrance prices, rank 2")
        ]


def test_of_long_remarks_the_lines_that_differ_are_shown(world: World) -> None:
    old = kept(world, "rent", {"remarks": "Eerst\nzonder pauze\nLaatst"}, world.performances)
    new = kept(world, "rent", {"remarks": "Eerst\r\nmet pauze\r\nLaatst\r\nNog iets"}, world.performances)
    (change,) = compare(old, new).terms
    with translation.override("en"):
        assert change.parts == [Part("changed", "zonder pauze", "met pauze"), Part("added", "", "Nog iets")]
    assert [(line.old, line.new) for line in compare(old, new).lines()] == [
        ("zonder pauze", "met pauze"),
        ("", "Nog iets"),
    ]


def test_one_comparison_is_read_in_two_languages(world: World) -> None:
    old = kept(world, "partage", {"guarantee_per_performance": False}, world.performances)
    new = kept(world, "partage", {"guarantee_per_performance": True}, world.performances)
    found = compare(old, new)
    read = {}
    for language in ("nl", "en"):
        with translation.override(language):
            read[language] = [(line.old, line.new) for line in found.lines()]
    assert read == {"nl": [("nee", "ja")], "en": [("no", "yes")]}


def test_another_type_shows_what_came_and_what_went(world: World) -> None:
    old = kept(world, "partage", {"provider_share": Decimal(80), "copyright_part_added": False}, world.performances)
    new = kept(world, "buyout", {"buyout_amount": 425000}, world.performances)
    with translation.override("en"):
        found = compare(old, new)
        assert [(change.name, change.old, change.new) for change in found.changes] == [
            ("type", "Partage", "Buyout"),
            ("provider_share", "80\u00a0%", ""),
            ("buyout_amount", "", "€\u00a04.250,00"),
        ]


def test_parties_differ_and_the_own_reference_only_for_the_provider(world: World) -> None:
    old = kept(world, "rent", {"own_reference": "K-17", "contact_receiver": "a@x.example"}, world.performances)
    changed = {"own_reference": "K-18", "contact_receiver": "b@x.example", "agency_as_provider": False}
    new = kept(world, "rent", changed, world.performances)

    def names(**reader: Any) -> list[str]:
        return [change.name for change in compare(old, new, **reader).parties]

    assert names(reader=world.agency) == ["agency_as_provider", "contact_receiver", "own_reference"]
    for other in (world.kade, world.rival, None):
        assert names(reader=other) == ["agency_as_provider", "contact_receiver"]
    party = compare(old, new).parties[0]
    assert (party.old, party.new) == ("Impresariaat Noord", "Producent Storm")


def test_performances_stand_in_the_order_of_their_dates(world: World) -> None:
    late = Performance.objects.create(
        number=20_000_001, production=world.production, theater=world.theater, starts_at=evening(5)
    )
    old = kept(world, "rent", {}, world.performances[:1])
    new = kept(world, "rent", {}, [*world.performances[1:], late])
    found = compare(old, new)
    assert found.added == (late, *world.performances[1:])
    assert found.removed == (world.performances[0],)


def test_the_version_before_is_the_last_one_that_this_side_saw(world: World) -> None:
    first = world.contract(status="rejected")
    second = actions.amend(first, actor=world.actors["agency_editor"])
    actions.discard(second, actor=world.actors["agency_editor"])
    third = actions.amend(first, actor=world.actors["agency_editor"])
    assert version_before(third, world.agency) == first
    actions.propose(third, actor=world.actors["agency_editor"])
    counter = actions.counter(third, actor=world.actors["kade_editor"], terms={"provider_guarantee": 1})
    fourth = actions.amend(counter, actor=world.actors["agency_editor"])
    assert version_before(counter, world.agency) == version_before(counter, world.kade) == third
    assert version_before(third, None) == version_before(third, world.kade) == first
    assert version_before(fourth, world.agency) == counter
    assert version_before(first, world.agency) is None
    for stranger in (world.rival, world.haven):
        assert version_before(third, stranger) is None


def test_what_changed_since_it_was_withdrawn_is_read_back(world: World) -> None:
    editor = world.actors["agency_editor"]
    contract = world.contract(status="proposed", kind="rent", terms={"rent": 425000})
    assert since_withdrawn(contract) is None
    seen = contract.term_values()
    actions.withdraw(contract, actor=editor)
    found = since_withdrawn(contract, reader=world.agency)
    assert found is not None
    assert not found.differs
    for rent, remark in ((400000, "Eerst."), (390000, "Dan.")):
        terms = {**contract.term_values(), "rent": rent, "remarks": remark}
        actions.update_concept(
            contract, actor=editor, seen_version=contract.version, terms=terms, performances=world.performances,
            parties={"own_reference": remark},
        )  # fmt: skip
    found = since_withdrawn(contract, reader=world.agency)
    assert found is not None
    assert {name: found.old.term_values()[name] for name in seen} == seen
    assert [(change.name, change.old_raw, change.new_raw) for change in found.changes] == [
        ("rent", 425000, 390000),
        ("remarks", "", "Dan."),
        ("own_reference", "", "Dan."),
    ]
    assert found.added == tuple(world.performances[1:])
    assert contract.rent == 390000, "the agreement itself stays as it is"
    hidden = since_withdrawn(contract, reader=world.kade)
    assert hidden is not None
    assert [change.name for change in hidden.changes] == ["rent", "remarks"]


def test_a_concept_in_between_is_not_what_the_receiver_saw(world: World) -> None:
    first = world.contract(status="rejected")
    second = actions.amend(first, actor=world.actors["agency_editor"])
    third = kept(world, "partage", {"root": first, "number": 3, "parent": second}, world.performances)
    assert version_before(third, world.agency) == second
    assert version_before(third, world.kade) == version_before(third, None) == first
    assert second.status == Status.CONCEPT


@pytest.mark.parametrize("key", ["", "0", "x", "-1", "1e3"])
def test_only_a_version_of_the_line_can_be_picked(world: World, key: str) -> None:
    contract = world.contract()
    other = world.rival_contract()
    assert pick([contract], str(contract.pk)) == contract
    for wanted in (key, str(other.pk)):
        with pytest.raises(LookupError):
            pick([contract], wanted)


def test_without_a_choice_it_is_the_version_before_and_for_the_first_one_the_next(world: World) -> None:
    first = world.contract(status="rejected")
    assert choose(first, [first], {}) == (None, first)
    given_up = actions.amend(first, actor=world.actors["agency_editor"])
    actions.discard(given_up, actor=world.actors["agency_editor"])
    third = actions.amend(first, actor=world.actors["agency_editor"])
    line = [first, given_up, third]
    assert choose(third, line, {}) == (first, third)
    assert choose(first, line, {}) == (first, third)
    assert choose(third, line, {"met": str(given_up.pk)}) == (given_up, third)
    assert choose(given_up, line, {}) == (first, given_up)
    assert choose(third, line, {"met": str(third.pk), "versie": str(first.pk)}) == (third, first)
