"""Reference data, productions and performances: what DIP decides, what is ours, and what happens in between."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db.models import Count
from django.utils import timezone

from dipportal.catalogue.models import Hall, Performance, Producer, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip import pull, values, wire
from dipportal.dip.models import Connection, Kind, Operation, RemoteRecord, RunState
from dipportal.dip.pull_records import MANY
from dipportal.journal.models import ActorKind, Entry
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.pulling import FakeDip, connect, golden, pulled
from tests.world import AMSTERDAM, World


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


# --- reference data, over real HTTP --------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_dip_decides_on_theaters_but_our_links_stay(remote: server.Admin, agency: Connection) -> None:
    pulled(agency, "reference")
    receiver = Organisation.objects.create(slug="kade", name="De Kade", kind=Side.RECEIVER)
    Theater.objects.filter(pk=1).update(receiver=receiver)
    remote.edit("theater", 1, name="Andere naam", dip_member=False)
    run = pulled(agency, "reference")
    assert run.counts["changed"] == 1
    theater = Theater.objects.get(pk=1)
    assert (theater.name, theater.dip_member, theater.receiver) == ("Andere naam", False, receiver)
    assert set(Producer.objects.visible_to(agency.organisation).values_list("pk", flat=True)) == {123, 124}


@pytest.mark.django_db(transaction=True)
def test_what_is_gone_is_marked_and_what_is_back_is_not(remote: server.Admin, agency: Connection) -> None:
    pulled(agency, "reference")
    halls = {hall.pk: hall.theater_id for hall in Hall.objects.all()}
    gone = Theater.objects.exclude(halls=None).latest("pk")
    has = RemoteRecord.objects.get(kind="theater", remote_id=str(gone.pk)).raw
    remote.delete("theater", gone.pk)
    assert pulled(agency, "reference").counts["missing"] == 1
    assert set(Theater.objects.exclude(missing_since=None)) == {gone}
    missing_halls = Hall.objects.exclude(missing_since=None).values_list("pk", flat=True)
    assert set(missing_halls) == {pk for pk, theater in halls.items() if theater == gone.pk}
    remote.load(theaters=[has])
    assert pulled(agency, "reference").counts["found_again"] == 1
    assert not Theater.objects.exclude(missing_since=None).exists()
    assert not Hall.objects.exclude(missing_since=None).exists()


@pytest.mark.django_db(transaction=True)
def test_two_connections_pull_the_same_reference_data(remote: server.Admin, agency: Connection) -> None:
    other = connect("toneelwerf", (201,), "demo-producent", "sandbox-producent")
    pulled(agency, "reference")
    run = pulled(other, "reference")
    assert run.counts["unchanged"] == run.counts["seen"]
    remote.edit("theater", 1, city="Elders")
    pulled(other)
    assert Theater.objects.get(pk=1).city == "Elders"
    assert set(Contract.objects.values_list("provider__slug", flat=True)) == {"toneelwerf"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["status-before", "html200", "truncate", "garbage"])
def test_a_broken_list_leaves_the_others_and_says_so(remote: server.Admin, agency: Connection, fault: str) -> None:
    pulled(agency, "reference")
    remote.edit("theater", 1, city="Elders")
    params = {"body": "{}"} if fault == "garbage" else {}
    remote.fault(fault, method="GET", path="^/producers$", times=None, **params)
    run = pull.run(agency, "reference")
    assert run.state == RunState.PARTLY
    assert len(run.errors) == 1
    assert Theater.objects.get(pk=1).city == "Elders"
    assert not Producer.objects.exclude(missing_since=None).exists()


@pytest.mark.django_db(transaction=True)
def test_an_empty_list_is_not_believed(remote: server.Admin, agency: Connection) -> None:
    pulled(agency, "reference")
    remote.fault("garbage", method="GET", path="^/theaters$", body="[]")
    run = pull.run(agency, "reference")
    assert (run.state, run.counts["broken"]) == (RunState.PARTLY, 1)
    assert not Theater.objects.exclude(missing_since=None).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [0, 2**31])
def test_a_theater_whose_hall_has_an_impossible_number_is_set_aside_alone(
    remote: server.Admin, agency: Connection, number: int
) -> None:
    remote.edit("theater", 1, theater_locations=[{"id": number, "name": "Zaal"}])
    run = pull.run(agency, "reference")
    assert run.state == RunState.PARTLY
    assert not Theater.objects.filter(pk=1).exists()
    assert Theater.objects.count() > 1
    assert RemoteRecord.objects.exclude(fault="").get().remote_id == "1"


@pytest.mark.django_db(transaction=True)
def test_an_empty_list_of_a_production_is_not_believed(remote: server.Admin, agency: Connection) -> None:
    pulled(agency, "reference", "catalogue")
    tour = Production.objects.annotate(evenings=Count("performances")).filter(evenings__gte=MANY).first()
    assert tour is not None
    remote.fault("garbage", method="GET", path=f"{tour.dip_id}/performances$", body="[]")
    run = pull.run(agency, "catalogue")
    assert (run.state, run.counts["broken"]) == (RunState.PARTLY, 1)
    assert tour.dip_id in run.errors[0]
    assert not Performance.objects.exclude(missing_since=None).exists()


def test_an_empty_list_of_a_producer_is_not_believed_where_many_were_known(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    raw = {**golden("productions")[0], "season": world.production.season}
    made = [{**raw, "id": f"NL-25-123-{number:07}"} for number in range(1, MANY + 1)]
    fake.productions[world.producer.pk] = made
    pulled(noord, "catalogue")
    fake.productions[world.producer.pk] = []
    run = pull.run(noord, "catalogue")
    assert (run.state, run.counts["broken"]) == (RunState.FAILED, 1)
    assert not Production.objects.exclude(missing_since=None).exists()
    fake.productions[world.producer.pk] = made[:1]
    assert pulled(noord, "catalogue").counts["missing"] == MANY - 1


@pytest.mark.django_db(transaction=True)
def test_a_performance_with_an_impossible_number_is_set_aside_alone(remote: server.Admin, agency: Connection) -> None:
    pulled(agency, "reference", "catalogue")
    some = Performance.objects.exclude(number=None).earliest("pk")
    raw = RemoteRecord.objects.get(kind="performance", remote_id=str(some.number)).raw
    remote.fault(
        "garbage", method="GET", path=f"{some.production.dip_id}/performances$",
        body=json.dumps([{**raw, "id": -3, "number": -3}, raw]),
    )  # fmt: skip
    run = pull.run(agency, "catalogue")
    assert run.state == RunState.PARTLY
    assert RemoteRecord.objects.exclude(fault="").get().remote_id == "-3"
    assert not Performance.objects.filter(number__lt=1).exists()


# --- the catalogue, over real HTTP ---------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_all_seasons_come_along_and_the_second_time_nothing_is_written(
    remote: server.Admin, agency: Connection
) -> None:
    """The demo world: as many productions and performances as the sandbox has for these producers."""
    remote.reset(scale="demo")
    Producer.objects.get_or_create(pk=125, defaults={"name": "125"})[0].providers.add(agency.organisation)
    pulled(agency, "reference", "catalogue")
    assert Production.objects.count() == 27
    assert Performance.objects.count() == 478
    assert Production.objects.values("season").distinct().count() == 4
    pulled(agency, "contracts")
    assert Contract.objects.count() == 110
    assert Production.objects.count() == 27
    for kind in ("catalogue", "contracts-full"):
        run = pulled(agency, kind)
        assert run.counts["unchanged"] == run.counts["seen"]


@pytest.mark.django_db(transaction=True)
def test_moved_and_cancelled_in_dip(remote: server.Admin, agency: Connection) -> None:
    pulled(agency)
    contract = Contract.objects.filter(status="proposed").earliest("dip_id")
    moved = contract.performances.earliest("starts_at")
    cancelled = Performance.objects.exclude(contracts=contract).filter(status="agreed").latest("number")
    remote.edit("performance", moved.number, date="2027-01-09T19:00:00")
    remote.edit("performance", cancelled.number, status="cancellation")
    pulled(agency, "catalogue")
    lines = {one.code: one for one in Entry.objects.all()}
    assert set(lines) == {"performance.moved", "performance.cancelled"}
    assert lines["performance.moved"].target_id == str(moved.pk)
    assert {one.actor_kind for one in lines.values()} == {ActorKind.PULL}
    contract.refresh_from_db()
    moved.refresh_from_db()
    assert moved.starts_at == dt.datetime(2027, 1, 9, 19, tzinfo=AMSTERDAM)
    assert contract.first_at == min(contract.performances.values_list("starts_at", flat=True))
    assert not Operation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_production_that_breaks_stops_no_other(remote: server.Admin, agency: Connection) -> None:
    pulled(agency)
    first, second, third = Production.objects.order_by("pk")
    gone = third.performances.latest("number")
    lost = first.performances.latest("number")
    remote.delete("performance", gone.number)
    remote.delete("performance", lost.number)
    remote.fault("status-before", method="GET", path=f"{first.dip_id}/performances", times=None, status=500)
    run = pull.run(agency, "catalogue")
    assert run.state == RunState.PARTLY
    assert first.title in run.errors[0]
    assert "500" in run.errors[0]
    # What was not answered is not missing; what was answered without it is.
    assert set(Performance.objects.exclude(missing_since=None)) == {gone}
    assert second.performances.exclude(missing_since=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_producer_that_breaks_stops_no_other(remote: server.Admin, agency: Connection) -> None:
    remote.fault("html200", method="GET", path="^/producers/123/productions$", times=None)
    run = pull.run(agency, "catalogue")
    assert run.state == RunState.PARTLY
    assert set(Production.objects.values_list("producer_id", flat=True)) == {124}


# --- the catalogue, order of events --------------------------------------------------------------------------------
def catalogue(world: World, fake: FakeDip) -> tuple[dict[str, Any], dict[str, Any]]:
    """The world's production with its first performance, as DIP has them."""
    production, play = golden("productions")[0], golden("performances")[0]
    ours, evening = world.production, world.performances[0]
    production.update(id=ours.dip_id, title=ours.title, season=ours.season)
    play.update(id=evening.number, number=evening.number, date=values.stamp(evening.starts_at), type="normal")
    play.update(amount_rank1=500)
    fake.productions[123], fake.performances[ours.dip_id] = [production], [play]
    return production, play


def open_operation(world: World, kind: Kind, pk: int, **values: Any) -> Operation:
    subject = kind.split(".", maxsplit=1)[0]
    key = f"{subject}:{pk}"
    return Operation.objects.create(
        organisation=world.agency, kind=kind, subject_kind=subject, subject_id=pk, key=key, **values
    )


def test_a_local_change_not_sent_yet_wins_and_everything_else_follows(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    production, play = catalogue(world, fake)
    pulled(noord, "catalogue")
    Production.objects.filter(pk=world.production.pk).update(title="Onze titel")
    operation = open_operation(world, Kind.PRODUCTION_UPDATE, world.production.pk)
    production["title"] = "Hun titel"
    play["amount_rank1"] = 321
    run = pulled(noord, "catalogue")
    world.production.refresh_from_db()
    assert world.production.title == "Onze titel"
    assert Performance.objects.get(number=play["number"]).capacity == [321]
    assert run.counts["deferred"] == 1
    Operation.objects.filter(pk=operation.pk).update(state=State.ATTENTION)
    pulled(noord, "catalogue")
    world.production.refresh_from_db()
    assert world.production.title == "Onze titel"
    Operation.objects.filter(pk=operation.pk).update(state=State.ABANDONED)
    pulled(noord, "catalogue")
    world.production.refresh_from_db()
    assert world.production.title == "Hun titel"


def test_what_was_sent_while_the_page_was_on_its_way_is_not_undone(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    """The page was read before our change arrived in DIP, and is applied after it."""
    _production, play = catalogue(world, fake)
    evening = world.performances[0]
    earlier = evening.starts_at - dt.timedelta(hours=1)

    def push(path: str) -> None:
        if path.endswith("/performances"):
            Performance.objects.filter(pk=evening.pk).update(starts_at=earlier)
            open_operation(world, Kind.PERFORMANCE_UPDATE, evening.pk, state=State.DONE, done_at=timezone.now())

    fake.on_read = push
    pulled(noord, "catalogue")
    evening.refresh_from_db()
    assert evening.starts_at == earlier
    play["date"] = values.stamp(earlier)
    fake.on_read = lambda path: None
    pulled(noord, "catalogue")
    evening.refresh_from_db()
    assert evening.starts_at == earlier
    assert not Entry.objects.exists()


@pytest.mark.parametrize("sent", [True, False])
def test_our_own_creation_that_turns_up_is_adopted_once_it_was_sent(
    world: World, noord: Connection, fake: FakeDip, sent: bool
) -> None:
    production, play = catalogue(world, fake)
    ours = Production.objects.create(title="Nieuwe Storm", season=world.production.season, producer=world.producer)
    evening = Performance.objects.create(
        production=ours, theater=world.theater, hall=world.hall, starts_at=world.performances[0].starts_at
    )
    moment = {"sent_at": timezone.now()} if sent else {}
    open_operation(world, Kind.PRODUCTION_CREATE, ours.pk, **moment)
    open_operation(world, Kind.PERFORMANCE_CREATE, evening.pk, **moment)
    production.update(id="NL-26-123-00999", title="Nieuwe storm ")
    play.update(id=30000001, number=30000001, production={"id": "NL-26-123-00999", "title": "Nieuwe storm"})
    fake.performances = {"NL-26-123-00999": [play]}
    before = Production.objects.count(), Performance.objects.count()
    pulled(noord, "catalogue")
    ours.refresh_from_db()
    evening.refresh_from_db()
    after = Production.objects.count(), Performance.objects.count()
    if sent:
        assert (ours.dip_id, evening.number) == ("NL-26-123-00999", 30000001)
        assert after == before
    else:
        assert (ours.dip_id, evening.number) == ("", None)
        assert after == (before[0] + 1, before[1] + 1)


def test_an_agreement_in_dip_adopts_our_performance_under_way(world: World, noord: Connection, fake: FakeDip) -> None:
    evening = Performance.objects.create(
        production=world.production, theater=world.theater, hall=world.hall, starts_at=world.performances[0].starts_at
    )
    open_operation(world, Kind.PERFORMANCE_CREATE, evening.pk, sent_at=timezone.now())
    plays = [{"number": 30000001, "date": values.stamp(evening.starts_at)}]
    fake.contract(10, performances=plays)
    pulled(noord, "contracts")
    evening.refresh_from_db()
    assert evening.number == 30000001


def test_unknown_words_are_set_aside_with_their_reason(world: World, noord: Connection, fake: FakeDip) -> None:
    _production, play = catalogue(world, fake)
    odd = {**play, "id": 30000002, "number": 30000002, "status": "misschien"}
    strange = {**play, "id": 30000003, "number": 30000003, "type": "besloten feest"}
    fake.performances[world.production.dip_id] += [odd, strange, {"id": 4}]
    run = pull.run(noord, "catalogue")
    assert run.state == RunState.PARTLY
    assert not Performance.objects.filter(number=30000002).exists()
    assert Performance.objects.get(number=30000003).kind == "normal"
    aside = dict(RemoteRecord.objects.exclude(fault="").values_list("remote_id", "fault"))
    assert "misschien" in aside["30000002"]
    assert set(aside) == {"30000002", "4"}


def test_a_window_of_whole_seasons_is_asked_for(world: World, noord: Connection, fake: FakeDip) -> None:
    catalogue(world, fake)
    pulled(noord, "catalogue")
    path, params = fake.asked[0]
    assert path == "/producers/123/productions"
    assert params == wire.season_window(*pull.window(timezone.localdate()))
    assert pull.window(dt.date(2026, 7, 31)) == (dt.date(2010, 8, 1), dt.date(2027, 8, 1))
    assert pull.window(dt.date(2026, 8, 1)) == (dt.date(2011, 8, 1), dt.date(2028, 8, 1))


def test_another_organisations_producer_is_not_pulled(world: World, noord: Connection, fake: FakeDip) -> None:
    pulled(noord, "catalogue")
    assert [path for path, _params in fake.asked] == ["/producers/123/productions"]
