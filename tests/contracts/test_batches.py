"""Many agreements at once: what is planned, and that no row is lost, doubled, or in the way of another."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Hall, Performance, Theater
from dipportal.contracts import actions, batches, planning, tasks
from dipportal.contracts.models import Contract
from dipportal.contracts.models_batch import Batch, BatchKind, BatchRow, RowState
from dipportal.contracts.planning import Per, Planned, Wish
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.models import Entry
from dipportal.organisations.models import Membership
from tests.world import PARTAGE, World, build, evening

# What is typed once for all: everything but what belongs to the hall.
TYPED = {name: value for name, value in PARTAGE.items() if name not in planning.OF_THE_HALL}


def tour(world: World, theaters: int, evenings: int = 1) -> list[Performance]:
    """Performances of De Storm in so many more theaters."""
    made = []
    for _index in range(theaters):
        key = 500 + Theater.objects.count()
        theater = Theater.objects.create(id=key, name=f"Huis {key}", city="Stad", dip_member=True)
        hall = Hall.objects.create(id=key, name=f"Zaal {key}", theater=theater)
        made += [
            Performance.objects.create(
                number=key * 100 + day,
                production=world.production,
                theater=theater,
                hall=hall,
                starts_at=evening(10 + day),
            )
            for day in range(evenings)
        ]
    return made


def planned(world: World, plays: list[Performance], **changes: Any) -> list[Planned]:
    values: dict[str, Any] = {"kind": "partage", "terms": TYPED, **changes}
    chosen = list(planning.chosen(world.agency, [play.pk for play in plays]))
    return planning.plan(world.agency, world.production, chosen, Wish(**values))


def batch_of(world: World, plays: list[Performance], kind: BatchKind = BatchKind.BOTH, **changes: Any) -> Batch:
    made = Batch.objects.count()
    return batches.make(
        provider=world.agency, kind=kind, planned=planned(world, plays, **changes), token=f"t{made}",
        actor=world.actors["agency_editor"],
    )  # fmt: skip


def states(batch: Batch) -> list[tuple[str, str]]:
    return list(batch.rows.values_list("state", "code"))


# --- what is planned -------------------------------------------------------------------------------------------
def test_one_agreement_a_theater_or_one_a_performance(world: World) -> None:
    plays = [*tour(world, 2, evenings=2), world.performances[0]]
    by_theater = planned(world, plays)
    assert [len(row.performances) for row in by_theater] == [2, 2, 1]
    assert all({one.theater for one in row.performances} == {row.theater} for row in by_theater)
    assert len(planned(world, plays, per=Per.PERFORMANCE)) == 5


def test_prices_and_surcharges_come_from_the_last_agreement_in_the_same_hall_else_the_same_theater(
    world: World,
) -> None:
    small = Hall.objects.create(id=900, name="Kleine zaal", theater=world.theater)
    elsewhere = Hall.objects.create(id=901, name="Foyer", theater=world.theater)
    in_small = Performance.objects.create(
        number=1, production=world.production, theater=world.theater, hall=small, starts_at=evening(5)
    )
    old = world.contract(status="proposed", performances=[in_small], terms={"theater_surcharge": 150})
    newer = world.contract(status="approved", terms={"theater_surcharge": 250, "entrance_prices": [3000, 2500]})
    rejected = world.contract(status="rejected", terms={"theater_surcharge": 999}, performances=[world.performances[1]])
    plays = [
        Performance.objects.create(
            number=10 + index,
            production=world.production,
            theater=world.theater,
            hall=hall,
            starts_at=evening(70 + index),
        )
        for index, hall in enumerate((small, world.hall, elsewhere))
    ]
    rows = planned(world, plays, per=Per.PERFORMANCE)
    assert [row.prices_from for row in rows] == [old, newer, newer]
    assert rejected not in [row.prices_from for row in rows]
    assert [row.terms["theater_surcharge"] for row in rows] == [150, 250, 250]
    assert rows[1].terms["entrance_prices"] == [3000, 2500]
    # What somebody typed stays, also a zero; prices come both or none.
    typed = planned(world, plays, terms={**TYPED, "theater_surcharge": 0, "entrance_prices": [1000]})[0]
    assert (typed.terms["theater_surcharge"], typed.terms["entrance_prices"]) == (0, [1000])
    assert "settlement_prices" not in typed.terms


def test_the_neighbour_s_prices_and_contacts_fill_nothing(world: World) -> None:
    world.rival_contract(status="approved", theater_surcharge=999)
    play = Performance.objects.create(
        number=1, production=world.production, theater=world.other_theater, hall=world.other_hall, starts_at=evening(9)
    )
    row = planned(world, [play])[0]
    assert (row.prices_from, row.parties["contact_receiver"]) == (None, "")
    assert planned(world, [world.rival_performance]) == []


def test_last_season_s_type_and_money_are_taken_over_when_asked(world: World) -> None:
    last = world.contract(
        status="approved", kind="buyout", terms={"buyout_amount": 800000, "remarks": "Oud", "theater_surcharge": 100}
    )
    play = Performance.objects.create(
        number=1, production=world.production, theater=world.theater, hall=world.hall, starts_at=evening(80)
    )
    new = tour(world, 1)
    row, other = planned(world, [play, *new], last_season=True, terms={**TYPED, "remarks": "Nieuw"})[::-1]
    assert (row.money_from, row.kind, row.terms["buyout_amount"], row.terms["remarks"]) == (
        last, "buyout", 800000, "Nieuw",
    )  # fmt: skip
    assert row.parties["contact_receiver"] == "programmering@kade.example"
    assert (other.kind, other.money_from, other.terms["provider_share"]) == ("partage", None, TYPED["provider_share"])
    assert planned(world, [play])[0].kind == "partage"


def test_each_row_tells_its_own_fault(world: World) -> None:
    outsider = Theater.objects.get(pk=21)
    no_member = Performance.objects.create(
        number=1, production=world.production, theater=outsider, starts_at=evening(9)
    )
    covering = world.contract()
    catalogue.cancel_performance(world.performances[1], actor=world.actors["agency_editor"])
    plays = [no_member, *world.performances]
    rows = {row.performances[0].pk: row for row in planned(world, plays, per=Per.PERFORMANCE)}
    assert "DIP" in str(rows[no_member.pk].fault)
    assert rows[world.performances[1].pk].fault
    assert rows[world.performances[0].pk].covered_by == [covering]
    assert [rows[play.pk].ticked for play in plays] == [False, False, False, True]
    # A concept that was given up covers nothing.
    actions.discard(covering, actor=world.actors["agency_editor"])
    assert planned(world, [world.performances[0]])[0].covered_by == []


def test_another_content_is_another_tick(world: World) -> None:
    row = planned(world, [world.performances[0]])[0]
    assert row.tick == planned(world, [world.performances[0]])[0].tick
    world.contract(status="proposed", terms={"theater_surcharge": 275}, performances=[world.performances[1]])
    assert row.tick != planned(world, [world.performances[0]])[0].tick


# --- asking for it ---------------------------------------------------------------------------------------------
def test_a_form_that_is_sent_twice_makes_one_batch(world: World) -> None:
    rows = planned(world, tour(world, 2))
    values: dict[str, Any] = {"provider": world.agency, "kind": BatchKind.CREATE, "planned": rows, "token": "once"}
    first = batches.make(**values, actor=world.actors["agency_editor"])
    assert batches.make(**values, actor=world.actors["agency_editor"]) == first
    assert (Batch.objects.count(), BatchRow.objects.count()) == (1, 2)
    assert Entry.objects.filter(code="batch.made").count() == 1


@pytest.mark.parametrize("who", ["agency_viewer", "rival_editor", "kade_editor"])
def test_who_may_not_draft_makes_no_batch(world: World, who: str) -> None:
    rows = planned(world, tour(world, 1))
    with pytest.raises(NotAllowed):
        batches.make(provider=world.agency, kind=BatchKind.CREATE, planned=rows, token="x", actor=world.actors[who])
    assert not Batch.objects.exists()


def test_a_batch_of_nothing_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        batches.make(
            provider=world.agency, kind=BatchKind.CREATE, planned=[], token="x", actor=world.actors["agency_editor"]
        )


def test_somebody_else_s_concept_is_not_proposed(world: World) -> None:
    foreign = world.rival_contract()
    with pytest.raises(Invalid):
        batches.make_proposals(
            provider=world.agency, concepts=[(foreign, 1)], token="x", actor=world.actors["agency_editor"]
        )


# --- working ---------------------------------------------------------------------------------------------------
def test_a_batch_makes_and_proposes_each(world: World) -> None:
    batch = batch_of(world, tour(world, 3))
    assert batches.run(batch) is False
    assert states(batch) == [("done", "proposed")] * 3
    assert list(Contract.objects.values_list("status", flat=True)) == ["proposed"] * 3
    batch.refresh_from_db()
    assert batch.finished_at is not None
    # A second wake-up finds nothing to do.
    tasks.run_batch(batch.pk)
    assert Contract.objects.count() == 3


def test_making_alone_leaves_concepts(world: World) -> None:
    batch = batch_of(world, tour(world, 2), BatchKind.CREATE)
    batches.run(batch)
    assert states(batch) == [("done", "created")] * 2
    assert set(Contract.objects.values_list("status", flat=True)) == {"concept"}


def test_one_failing_row_fails_alone_with_its_reason(world: World) -> None:
    plays = tour(world, 3)
    batch = batch_of(world, plays)
    catalogue.cancel_performance(plays[1], actor=world.actors["agency_editor"])
    batches.run(batch)
    assert states(batch) == [("done", "proposed"), ("refused", "cancelled"), ("done", "proposed")]
    row = batch.rows.get(position=2)
    assert row.contract is None
    assert row.text
    told = batches.results_of(batch)[1]
    assert (told.production, told.theater, told.first_at) == (world.production, plays[1].theater, plays[1].starts_at)
    assert Contract.objects.count() == 2


@pytest.mark.parametrize(("language", "words"), [("nl", "niet aangesloten"), ("en", "is not a member")])
def test_the_reason_stands_in_the_language_of_who_asked(world: World, language: str, words: str) -> None:
    type(world.people["agency_editor"]).objects.filter(pk=world.people["agency_editor"].pk).update(language=language)
    plays = tour(world, 1)
    batch = batch_of(world, plays)
    Theater.objects.filter(pk=plays[0].theater_id).update(dip_member=False)
    batches.run(Batch.objects.get(pk=batch.pk))
    assert words in batch.rows.get().text


def test_a_concept_that_cannot_be_proposed_stays_and_is_tried_again_once_it_is_mended(world: World) -> None:
    batch = batch_of(world, tour(world, 2), terms={**TYPED, "copyright_percentage": None})
    batches.run(batch)
    assert states(batch) == [("refused", "invalid")] * 2
    assert [result.changed_since for result in batches.results_of(batch)] == [False, False]
    first = batch.rows.get(position=1)
    assert first.contract is not None
    assert first.contract.status == "concept"
    editor = world.actors["agency_editor"]
    actions.update_concept(first.contract, actor=editor, seen_version=1, terms={"copyright_percentage": 12})
    assert [result.changed_since for result in batches.results_of(batch)] == [True, False]
    assert batches.retry(batch, seen={first.pk: 2}, actor=editor) == 2
    batch.refresh_from_db()
    assert batch.finished_at is None
    batches.run(batch)
    assert states(batch) == [("done", "proposed"), ("refused", "invalid")]
    assert Contract.objects.count() == 2
    # Nothing refused, nothing to do and no line.
    BatchRow.objects.update(state=RowState.DONE)
    assert batches.retry(batch, seen={}, actor=editor) == 0
    assert Entry.objects.filter(code="batch.retried").count() == 1


def test_a_concept_changed_since_it_was_read_is_not_proposed_and_a_blind_retry_does_not_help(world: World) -> None:
    concept = world.contract()
    editor = world.actors["agency_editor"]
    batch = batches.make_proposals(provider=world.agency, concepts=[(concept, 1)], token="x", actor=editor)
    actions.update_concept(concept, actor=editor, seen_version=1, terms={"provider_share": 70})
    batches.run(batch)
    assert states(batch) == [("refused", "stale")]
    batches.retry(batch, seen={}, actor=editor)
    batches.run(batch)
    assert states(batch) == [("refused", "stale")]
    batches.retry(batch, seen={batch.rows.get().pk: 2}, actor=editor)
    batches.run(batch)
    assert states(batch) == [("done", "proposed")]


def test_where_two_must_agree_the_row_says_that_the_first_did(world: World) -> None:
    type(world.agency).objects.filter(pk=world.agency.pk).update(four_eyes=True)
    batch = batch_of(world, tour(world, 1))
    batches.run(Batch.objects.get(pk=batch.pk))
    assert states(batch) == [("done", "endorsed")]
    contract = Contract.objects.get()
    assert (contract.status, contract.endorsed_by) == ("concept", world.people["agency_editor"])


def test_who_left_meanwhile_makes_nothing(world: World) -> None:
    batch = batch_of(world, tour(world, 2))
    Membership.objects.filter(user=world.people["agency_editor"]).delete()
    batches.run(batch)
    assert states(batch) == [("refused", "not_allowed")] * 2
    assert not Contract.objects.exists()


def test_who_may_only_read_by_now_makes_nothing(world: World) -> None:
    batch = batch_of(world, tour(world, 1))
    Membership.objects.filter(user=world.people["agency_editor"]).update(role="viewer")
    batches.run(batch)
    assert states(batch) == [("refused", "not_allowed")]


def test_a_producer_that_was_taken_away_meanwhile_makes_nothing(world: World) -> None:
    batch = batch_of(world, tour(world, 1))
    world.producer.providers.clear()
    batches.run(batch)
    assert states(batch) == [("refused", "gone")]


# --- killed, late and double workers ---------------------------------------------------------------------------
def break_at(monkeypatch: pytest.MonkeyPatch, name: str, times: int, error: type[BaseException]) -> None:
    """The action does its work and then breaks, so many times."""
    real: Callable[..., Any] = getattr(actions, name)
    left = [times]

    def broken(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if left[0]:
            left[0] -= 1
            raise error
        return made

    monkeypatch.setattr(actions, name, broken)


@pytest.mark.parametrize("step", ["create_concept", "propose"])
def test_a_killed_worker_neither_loses_nor_doubles_a_row(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    batch = batch_of(world, tour(world, 3))
    break_at(monkeypatch, step, 1, SystemExit)
    with pytest.raises(SystemExit):
        batches.run(batch)
    assert not Contract.objects.exists()
    # Its row is leased, so nobody takes the batch yet; the beat does once the lease has ended.
    assert list(batches.unfinished()) == []
    BatchRow.objects.exclude(claimed_until=None).update(claimed_until=timezone.now())
    assert list(batches.unfinished()) == [batch]
    tasks.run_batch(batch.pk)
    assert states(batch) == [("done", "proposed")] * 3
    assert Contract.objects.count() == 3
    assert list(batches.unfinished()) == []


def test_a_worker_that_comes_back_late_writes_nothing(world: World) -> None:
    batch = batch_of(world, tour(world, 1))
    late = batches.claim(batch)
    assert late is not None
    assert batches.claim(batch) is None, "a leased row is taken by nobody"
    BatchRow.objects.update(claimed_until=timezone.now())
    second = batches.claim(batch)
    assert second is not None
    assert second.pk == late.pk
    batches.work(batch, late, world.actors["agency_editor"])
    assert not Contract.objects.exists()
    batches.work(batch, second, world.actors["agency_editor"])
    batches.work(batch, late, world.actors["agency_editor"])
    batches.work(batch, late, None)
    assert Contract.objects.count() == 1
    assert states(batch) == [("done", "proposed")]


def test_what_goes_wrong_unexpectedly_is_tried_again_and_in_the_end_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(world, tour(world, 2))
    break_at(monkeypatch, "create_concept", 3, RuntimeError)
    batches.run(batch)
    assert states(batch) == [("done", "proposed")] * 2
    other = batch_of(world, tour(world, 1))
    break_at(monkeypatch, "create_concept", 99, RuntimeError)
    batches.run(other)
    assert states(other) == [("refused", "gave_up")]
    assert Contract.objects.count() == 2


def test_a_lost_wake_up_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(batches, "wake", woken.append)
    batch = batch_of(world, tour(world, 1))
    tasks.resume_batches()
    assert woken == [batch.pk]
    batches.run(batch)
    tasks.resume_batches()
    assert woken == [batch.pk]


def test_a_batch_wakes_a_worker_once_it_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(batches, "wake", woken.append)
    with django_capture_on_commit_callbacks(execute=True):
        batch = batch_of(world, tour(world, 1))
        assert woken == []
    assert woken == [batch.pk]


def test_a_long_batch_goes_on_in_another_task(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of(world, tour(world, 2))
    woken: list[int] = []
    monkeypatch.setattr(batches, "wake", woken.append)
    monkeypatch.setattr(batches, "SLICE_SECONDS", 0)
    tasks.run_batch(batch.pk)
    assert woken == [batch.pk]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_make_each_row_once() -> None:
    world = build()
    plays = tour(world, 24)
    batch = batch_of(world, plays)
    start = threading.Barrier(6)
    ended: list[bool] = []

    def worker() -> None:
        mine = Batch.objects.get(pk=batch.pk)
        start.wait()
        try:
            ended.append(batches.run(mine))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [False] * 6, "a worker broke"
    assert states(batch) == [("done", "proposed")] * 24
    assert Contract.objects.count() == 24
    assert Entry.objects.filter(code="contract.proposed").count() == 24


# --- what it costs ---------------------------------------------------------------------------------------------
def cost(work: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def test_queries_per_row_do_not_grow_with_the_number_of_rows(world: World) -> None:
    """And the plan costs the same however many there are."""
    costs = {number: costs_of(world, number) for number in (1, 3, 30)}
    assert len({plan for plan, _run, _results in costs.values()}) == 1
    assert len({results for _plan, _run, results in costs.values()}) == 1
    per_row = (costs[3][1] - costs[1][1]) / 2
    assert (costs[30][1] - costs[3][1]) / 27 == per_row
    assert per_row < 60


def costs_of(world: World, number: int) -> tuple[int, int, int]:
    """Queries of planning, working and showing so many rows."""
    plays = tour(world, number)
    plan = cost(lambda: planned(world, plays))
    batch = batch_of(world, plays)
    run, results = cost(lambda: batches.run(batch)), cost(lambda: batches.results_of(batch))
    assert states(batch) == [("done", "proposed")] * number
    return plan, run, results
