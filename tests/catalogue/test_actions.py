"""Entering, changing and cancelling productions and performances: who may, what is refused, what is written."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue import actions, rules
from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations.actors import pull
from tests.world import World, evening, season

STRANGERS = ["agency_viewer", "rival_editor", "rival_manager", "kade_manager", "haven_editor"]


def production_values(world: World, **changes: Any) -> dict[str, Any]:
    return {"title": "Noorderlicht", "season": season(), "genre": world.genre, "producer": world.producer, **changes}


def performance_values(world: World, **changes: Any) -> dict[str, Any]:
    return {"theater": world.theater, "hall": world.hall, "starts_at": evening(60), **changes}


def stands(performance: Performance, **changes: Any) -> dict[str, Any]:
    return {**{name: getattr(performance, name) for name in actions.PERFORMANCE_FIELDS}, **changes}


def lines(code: str) -> int:
    return Entry.objects.filter(code=code).count()


# --- productions -------------------------------------------------------------------------------------------------
def test_a_production_is_entered_and_journalled(world: World) -> None:
    values = production_values(world, title="  Noorder  licht ")
    made = actions.create_production(values=values, actor=world.actors["agency_editor"])
    assert (made.title, made.dip_id, made.version) == ("Noorder licht", "", 1)
    line = Entry.objects.get(code="production.created")
    assert (line.target_id, line.organisation, line.thread) == (str(made.pk), world.agency, made.thread)


@pytest.mark.parametrize("name", STRANGERS)
def test_only_an_editor_of_a_provider_that_acts_for_the_producer(world: World, name: str) -> None:
    actor = world.actors[name]
    with pytest.raises(NotAllowed):
        actions.create_production(values=production_values(world), actor=actor)
    with pytest.raises(NotAllowed):
        actions.update_production(world.production, values=production_values(world), seen_version=1, actor=actor)
    with pytest.raises(NotAllowed):
        actions.cancel_production(world.production, actor=actor)
    with pytest.raises(NotAllowed):
        actions.create_performance(world.production, values=performance_values(world), actor=actor)
    first = world.performances[0]
    with pytest.raises(NotAllowed):
        actions.update_performance(first, values=stands(first, kind="premiere"), seen_version=1, actor=actor)
    with pytest.raises(NotAllowed):
        actions.cancel_performance(first, actor=actor)
    assert not Entry.objects.exists()
    first.refresh_from_db()
    assert (first.status, first.kind, Production.objects.count()) == ("agreed", "normal", 2)


def test_an_editor_enters_nothing_for_the_neighbours_producer(world: World) -> None:
    with pytest.raises(NotAllowed):
        actions.create_production(
            values=production_values(world, producer=world.rival_producer), actor=world.actors["agency_editor"]
        )
    with pytest.raises(NotAllowed):
        actions.update_production(
            world.production,
            values=production_values(world, producer=world.rival_producer),
            seen_version=1,
            actor=world.actors["agency_editor"],
        )


def test_the_pull_may_do_what_an_editor_may(world: World) -> None:
    made = actions.create_production(values=production_values(world), actor=pull(world.agency))
    assert made.pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "   "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"season": "2026"}, "season"),
        ({"season": "2026-2028"}, "season"),
        ({"season": "1999-2000"}, "season"),
        ({"season": "2999-3000"}, "season"),
        ({"season": ""}, "season"),
    ],
)
def test_what_a_production_is_refused_for(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_production(values=production_values(world, **changes), actor=world.actors["agency_editor"])
    assert set(refused.value.fields) == {field}
    assert lines("production.created") == 0


def test_a_revival_may_be_of_an_earlier_season(world: World) -> None:
    start = int(season()[:4]) - 3
    values = production_values(world, season=f"{start}-{start + 1}", revival_of=world.production)
    assert actions.create_production(values=values, actor=world.actors["agency_editor"]).revival_of == world.production


def test_a_revival_of_the_neighbours_production_is_refused(world: World) -> None:
    values = production_values(world, revival_of=world.rival_production)
    with pytest.raises(Invalid) as refused:
        actions.create_production(values=values, actor=world.actors["agency_editor"])
    assert set(refused.value.fields) == {"revival_of"}


def test_a_production_is_no_revival_of_itself_and_has_no_producer_twice(world: World) -> None:
    values = production_values(world, revival_of=world.production, co_producers=[world.producer])
    with pytest.raises(Invalid) as refused:
        actions.update_production(world.production, values=values, seen_version=1, actor=world.actors["agency_editor"])
    assert set(refused.value.fields) == {"revival_of", "co_producers"}


def test_a_change_is_written_with_old_and_new(world: World) -> None:
    world.production.co_producers.add(world.rival_producer)
    actions.update_production(
        world.production,
        values=production_values(world, title="De Orkaan"),
        seen_version=1,
        actor=world.actors["agency_editor"],
    )
    assert (world.production.title, world.production.version) == ("De Orkaan", 2)
    assert Entry.objects.get().fields == {"title": ["De Storm", "De Orkaan"]}
    # Not named, so not touched.
    assert list(world.production.co_producers.all()) == [world.rival_producer]


def test_saving_what_stands_there_writes_nothing(world: World) -> None:
    values = production_values(world, title="De Storm")
    actions.update_production(world.production, values=values, seen_version=1, actor=world.actors["agency_editor"])
    assert (world.production.version, lines("production.updated")) == (1, 0)


def test_a_stale_save_changes_nothing(world: World) -> None:
    editor = world.actors["agency_editor"]
    actions.update_production(
        world.production, values=production_values(world, title="Eerst"), seen_version=1, actor=editor
    )
    with pytest.raises(StaleState):
        actions.update_production(
            world.production, values=production_values(world, title="Later"), seen_version=1, actor=editor
        )
    world.production.refresh_from_db()
    assert world.production.title == "Eerst"


@pytest.mark.parametrize(
    ("dip_id", "sentence"),
    [("NL-25-123-0003776", rules.WHY_PRODUCER_STAYS_IN_DIP), ("", rules.WHY_PRODUCER_STAYS)],
    ids=["known to DIP", "its creation may be under way"],
)
def test_the_producer_of_a_production_stays(world: World, dip_id: str, sentence: str) -> None:
    world.rival_producer.providers.add(world.agency)
    Production.objects.filter(pk=world.production.pk).update(dip_id=dip_id)
    world.production.refresh_from_db()
    values = production_values(world, title="De Orkaan", producer=world.rival_producer)
    with pytest.raises(Invalid) as refused:
        actions.update_production(world.production, values=values, seen_version=1, actor=world.actors["agency_editor"])
    assert refused.value.fields == {"producer": sentence}
    world.production.refresh_from_db()
    assert (world.production.producer, world.production.title) == (world.producer, "De Storm")


def test_a_field_that_no_editor_sets_is_a_mistake_of_the_caller(world: World) -> None:
    with pytest.raises(KeyError):
        actions.create_production(
            values=production_values(world, dip_id="NL-25-123-1"), actor=world.actors["agency_editor"]
        )
    with pytest.raises(KeyError):
        actions.create_performance(
            world.production, values=performance_values(world, number=5), actor=world.actors["agency_editor"]
        )


def test_cancelling_a_production_cancels_what_is_to_come(world: World) -> None:
    past = Performance.objects.create(production=world.production, theater=world.theater, starts_at=evening(-5))
    editor = world.actors["agency_editor"]
    gone = actions.cancel_production(world.production, actor=editor, reason="Ziekte")
    assert [performance.pk for performance in gone] == [performance.pk for performance in world.performances]
    past.refresh_from_db()
    world.rival_performance.refresh_from_db()
    assert (past.status, world.rival_performance.status) == ("agreed", "agreed")
    assert (lines("performance.cancelled"), lines("production.cancelled")) == (3, 1)
    assert Entry.objects.get(code="production.cancelled").reason == "Ziekte"
    # Again: nothing more.
    assert actions.cancel_production(world.production, actor=editor) == []
    assert Entry.objects.count() == 4


def test_a_cancelled_production_is_closed(world: World) -> None:
    editor = world.actors["agency_editor"]
    actions.cancel_production(world.production, actor=editor)
    with pytest.raises(StaleState):
        actions.update_production(
            world.production, values=production_values(world), seen_version=world.production.version, actor=editor
        )
    with pytest.raises(PortalError):
        actions.create_performance(world.production, values=performance_values(world), actor=editor)


# --- performances ------------------------------------------------------------------------------------------------
def test_performances_are_entered_all_or_none(world: World) -> None:
    editor = world.actors["agency_editor"]
    rows = [performance_values(world, starts_at=evening(60 + day)) for day in range(3)]
    made = actions.create_performances(world.production, rows=rows, actor=editor)
    assert (len(made), lines("performance.created")) == (3, 3)
    bad = [performance_values(world, starts_at=evening(80)), performance_values(world, hall=world.other_hall)]
    with pytest.raises(Invalid) as refused:
        actions.create_performances(world.production, rows=bad, actor=editor)
    assert set(refused.value.fields) == {"1-hall"}
    assert lines("performance.created") == 3


def test_what_a_performance_is_refused_for(world: World) -> None:
    retired_hall = Hall.objects.create(id=90, name="Oude zaal NIET GEBRUIKEN", theater=world.theater)
    retired = Theater.objects.create(id=91, name="De Brug niet gebruiken")
    gone = Theater.objects.create(id=92, name="De Weg", missing_since=timezone.now())
    cases: list[tuple[dict[str, Any], str]] = [
        ({"hall": world.other_hall}, "hall"),
        ({"hall": retired_hall}, "hall"),
        ({"theater": retired, "hall": None}, "theater"),
        ({"theater": gone, "hall": None}, "theater"),
        ({"kind": "opera"}, "kind"),
        ({"capacity": [1] * 11}, "capacity"),
        ({"capacity": [-1]}, "capacity"),
        ({"starts_at": world.performances[0].starts_at}, "starts_at"),
    ]
    for changes, field in cases:
        with pytest.raises(Invalid) as refused:
            actions.create_performance(
                world.production, values=performance_values(world, **changes), actor=world.actors["agency_editor"]
            )
        assert set(refused.value.fields) == {field}, changes
    assert lines("performance.created") == 0


def test_no_rows_too_many_rows_and_the_same_row_twice_are_refused(world: World) -> None:
    editor = world.actors["agency_editor"]
    for rows, code in (([], "no_rows"), ([performance_values(world)] * 61, "too_many")):
        with pytest.raises(Invalid) as refused:
            actions.create_performances(world.production, rows=rows, actor=editor)
        assert refused.value.code == code
    with pytest.raises(Invalid) as refused:
        actions.create_performances(world.production, rows=[performance_values(world)] * 2, actor=editor)
    assert set(refused.value.fields) == {"1-starts_at"}


def test_a_cancelled_evening_may_be_entered_again(world: World) -> None:
    editor = world.actors["agency_editor"]
    actions.cancel_performance(world.performances[0], actor=editor)
    values = performance_values(world, starts_at=world.performances[0].starts_at)
    assert actions.create_performance(world.production, values=values, actor=editor).pk


def test_moving_is_its_own_line_with_old_and_new(world: World) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    later = first.starts_at + dt.timedelta(hours=1)
    actions.update_performance(first, values=stands(first, starts_at=later), seen_version=1, actor=editor)
    line = Entry.objects.get()
    assert (line.code, line.thread) == ("performance.moved", first.thread)
    old, new = line.fields["starts_at"]
    assert dt.datetime.fromisoformat(new) - dt.datetime.fromisoformat(old) == dt.timedelta(hours=1)
    actions.update_performance(first, values=stands(first, kind="premiere"), seen_version=2, actor=editor)
    assert Entry.objects.filter(code="performance.updated").get().fields == {"kind": ["normal", "premiere"]}
    actions.update_performance(first, values=stands(first), seen_version=3, actor=editor)
    assert (Entry.objects.count(), first.version) == (2, 3)


def test_a_stale_performance_and_a_cancelled_one_are_refused(world: World) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    actions.update_performance(first, values=stands(first, kind="premiere"), seen_version=1, actor=editor)
    with pytest.raises(StaleState):
        actions.update_performance(first, values=stands(first, kind="tryout"), seen_version=1, actor=editor)
    actions.cancel_performance(first, actor=editor)
    with pytest.raises(StaleState):
        actions.update_performance(first, values=stands(first, kind="tryout"), seen_version=first.version, actor=editor)
    first.refresh_from_db()
    assert first.kind == "premiere"


def test_a_performance_stays_in_its_theater_and_is_not_doubled(world: World) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    elsewhere = stands(first, theater=world.other_theater, hall=world.other_hall)
    with pytest.raises(Invalid) as refused:
        actions.update_performance(first, values=elsewhere, seen_version=1, actor=editor)
    assert set(refused.value.fields) == {"theater"}
    twice = stands(first, starts_at=world.performances[1].starts_at)
    with pytest.raises(Invalid) as refused:
        actions.update_performance(first, values=twice, seen_version=1, actor=editor)
    assert set(refused.value.fields) == {"starts_at"}


def test_a_hall_that_was_retired_since_may_stay_but_not_be_chosen(world: World) -> None:
    first, second = world.performances[:2]
    editor = world.actors["agency_editor"]
    old = Hall.objects.create(id=95, name="NIET GEBRUIKEN oud", theater=world.theater)
    Performance.objects.filter(pk=first.pk).update(hall=old)
    first.refresh_from_db()
    actions.update_performance(first, values=stands(first, kind="premiere"), seen_version=1, actor=editor)
    with pytest.raises(Invalid) as refused:
        actions.update_performance(second, values=stands(second, hall=old), seen_version=1, actor=editor)
    assert set(refused.value.fields) == {"hall"}


@pytest.mark.parametrize("why", ["retired", "missing"])
def test_a_performance_in_a_theater_that_dip_retired_can_be_changed_but_not_entered(world: World, why: str) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    gone: dict[str, Any] = {"name": "NIET GEBRUIKEN"} if why == "retired" else {"missing_since": timezone.now()}
    Theater.objects.filter(pk=world.theater.pk).update(**gone)
    first, theater = Performance.objects.get(pk=first.pk), Theater.objects.get(pk=world.theater.pk)
    actions.update_performance(first, values=stands(first, kind="premiere"), seen_version=1, actor=editor)
    assert first.kind == "premiere"
    with pytest.raises(Invalid) as refused:
        actions.create_performance(world.production, values=performance_values(world, theater=theater), actor=editor)
    assert set(refused.value.fields) == {"theater"}


def test_what_dip_removed_does_not_take_place_and_may_be_entered_anew(world: World) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    again = performance_values(world, starts_at=first.starts_at)
    with pytest.raises(Invalid):
        actions.create_performance(world.production, values=again, actor=editor)
    Performance.objects.filter(pk=first.pk).update(missing_since=timezone.now())
    made = actions.create_performance(world.production, values=again, actor=editor)
    coming = Performance.objects.filter(production=world.production).upcoming()
    assert set(coming) == {made, *world.performances[1:]}


def test_cancelling_twice_is_one_line(world: World) -> None:
    first, editor = world.performances[0], world.actors["agency_editor"]
    actions.cancel_performance(first, actor=editor, reason="Lekkage")
    actions.cancel_performance(first, actor=editor)
    assert (first.status, first.version, lines("performance.cancelled")) == ("cancelled", 2, 1)


def test_an_agreement_is_listed_by_its_first_evening_that_takes_place(world: World) -> None:
    contract = world.contract(performances=world.performances[:2])
    first, second = world.performances[:2]
    editor = world.actors["agency_editor"]
    earlier = first.starts_at - dt.timedelta(days=3)
    actions.update_performance(first, values=stands(first, starts_at=earlier), seen_version=1, actor=editor)
    contract.refresh_from_db()
    assert contract.first_at == earlier
    actions.cancel_performance(first, actor=editor)
    contract.refresh_from_db()
    assert contract.first_at == second.starts_at
    actions.cancel_performance(second, actor=editor)
    contract.refresh_from_db()
    assert contract.first_at == earlier


# --- rules -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-07-31", "2025-2026"),
        ("2026-08-01", "2026-2027"),
        ("2026-12-31", "2026-2027"),
        ("2027-01-01", "2026-2027"),
    ],
)
def test_a_season_begins_in_august(day: str, expected: str) -> None:
    assert rules.season_of(dt.date.fromisoformat(day)) == expected


def test_the_running_season_and_the_next_ones_are_offered() -> None:
    assert rules.seasons_to_choose(dt.date(2026, 5, 1)) == ["2025-2026", "2026-2027", "2027-2028"]


def test_what_is_probably_not_meant_is_said_and_allowed(world: World) -> None:
    assert rules.warnings_in_performance(world.production, evening(-1)) != []
    assert len(rules.warnings_in_performance(world.production, evening(800))) == 1
    assert rules.warnings_in_performance(Production(title="x", season=""), evening(3)) == []
    values = performance_values(world, starts_at=evening(800))
    assert actions.create_performance(world.production, values=values, actor=world.actors["agency_editor"]).pk
