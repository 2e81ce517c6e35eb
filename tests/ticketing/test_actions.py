"""Entering many counts, and linking performances to a ticketing system."""

import datetime as dt

import pytest
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.core.errors import Invalid, NotAllowed, StaleState
from dipportal.journal.models import Entry
from dipportal.ticketing import actions, mirror, queries, rules
from dipportal.ticketing.actions import CountClosed, Entered, Unlikely
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint, TicketLink
from dipportal.ticketing.rules import Report
from tests.world import World, evening

pytestmark = pytest.mark.django_db


def totals(normal: int = 100, **more: int) -> Report:
    plain = {"discount": 0, "free": 0, "other": 0, "complimentary": 0, "reservations": 0, "blocked_seats": 0}
    return Report(**{**plain, "normal": normal, "revenue_cents": normal * 2500, **more})


def test_all_are_taken_in_or_none(world: World) -> None:
    first, second = world.performances[:2]
    actor = world.actors["kade_editor"]
    actions.link(second, "77", actor=actor)
    faults = actions.report_many([Entered(first, totals()), Entered(second, totals())], actor=actor)
    assert isinstance(faults[second.pk], CountClosed)
    assert set(faults) == {second.pk}
    assert not TicketCount.objects.exists()
    actions.unlink(second, actor=actor)
    assert actions.report_many([Entered(first, totals()), Entered(second, totals())], actor=actor) == {}
    assert TicketCount.objects.filter(source=Source.HAND).count() == 2
    assert Entry.objects.filter(code="count.reported").count() == 2


@pytest.mark.parametrize("who", ["haven_editor", "agency_editor", "kade_viewer"])
def test_nobody_else_enters_a_count(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        actions.report(world.performances[0], totals(), seen=None, actor=world.actors[who])
    with pytest.raises(NotAllowed):
        actions.link(world.performances[0], "1", actor=world.actors[who])
    with pytest.raises(NotAllowed):
        actions.unlink(world.performances[0], actor=world.actors[who])
    with pytest.raises(NotAllowed):
        actions.set_counting(
            world.theater,
            values={"by_hand": True, "reminded": True, "weekday": 0, "hour": 8},
            seen_version=1,
            actor=world.actors[who],
        )
    assert not TicketCount.objects.exists()


def test_one_foreign_performance_among_many_stops_all(world: World) -> None:
    rows = [Entered(world.performances[0], totals()), Entered(world.rival_performance, totals())]
    with pytest.raises(NotAllowed):
        actions.report_many(rows, actor=world.actors["kade_editor"])
    assert not TicketCount.objects.exists()


@pytest.mark.parametrize(
    ("report", "field"),
    [(totals(-1), "normal"), (totals(rules.MOST_TICKETS + 1), "normal"), (totals(revenue_cents=-1), "revenue_cents")],
)
def test_what_cannot_be_is_refused_by_the_action_too(world: World, report: Report, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.report(world.performances[0], report, seen=None, actor=world.actors["kade_editor"])
    assert field in refused.value.fields


def test_the_same_totals_on_another_day_are_news(world: World) -> None:
    """Nothing was sold since: that is a count of today, and the theater is not silent."""
    one, actor = world.performances[0], world.actors["kade_editor"]
    actions.report(one, totals(), seen=None, actor=actor)
    long_ago = timezone.now() - dt.timedelta(days=9)
    TicketCount.objects.update(counted_at=long_ago, changed_at=long_ago)
    actions.report(one, totals(), seen=long_ago, actor=actor)
    counted_at = TicketCount.objects.get().counted_at
    assert counted_at is not None
    assert timezone.now() - counted_at < dt.timedelta(minutes=5)
    # The curve has no point more: nothing changed.
    assert TicketCountPoint.objects.count() == 1


def test_a_save_over_a_colleague_s_is_refused(world: World) -> None:
    one, actor = world.performances[0], world.actors["kade_editor"]
    actions.report(one, totals(), seen=None, actor=actor)
    with pytest.raises(StaleState):
        actions.report(one, totals(120), seen=None, actor=actor)
    assert TicketCount.objects.get().tickets == 100


def test_the_price_that_was_agreed_tells_what_is_likely(world: World) -> None:
    """Entrance prices of 28 euros: an average of 40 is not likely, though it would be elsewhere."""
    one, actor = world.performances[0], world.actors["kade_editor"]
    world.contract(status="approved")
    with pytest.raises(Unlikely) as asked:
        actions.report(one, totals(revenue_cents=400_000), seen=None, actor=actor)
    assert [doubt.code for doubt in asked.value.doubts] == ["revenue"]
    actions.report(world.performances[1], totals(revenue_cents=400_000), seen=None, actor=actor)


def test_the_newest_count_is_the_one_that_is_shown(world: World) -> None:
    one, actor = world.performances[0], world.actors["kade_editor"]
    actions.report(one, totals(), seen=None, actor=actor)
    hour = dt.timedelta(hours=1)

    def shown() -> int | None:
        (sold,) = queries.sold_of(world.kade, [one])
        standing = queries.standings([one.pk])[one.pk]
        assert standing.shown == sold.told
        return sold.tickets

    mirror.write({one.pk: mirror.sold(90, 1, timezone.now() - hour, None)}, source=Source.DIP)
    assert shown() == 100
    assert TicketCountPoint.objects.get().tickets == 100
    mirror.write({one.pk: mirror.sold(110, 1, timezone.now() + hour, None)}, source=Source.DIP)
    assert shown() == 110
    mirror.mark_missing([one.pk], source=Source.DIP)
    assert shown() == 100
    TicketCount.objects.filter(source=Source.HAND).delete()
    # What was told last is kept, and counts no more.
    assert queries.sold_of(world.kade, [one])[0].count is not None
    assert shown() is None


def test_reservations_alone_are_shown_until_tickets_are_told(world: World) -> None:
    one = world.performances[0]
    mirror.write({one.pk: {"reservations": 9}}, source=Source.DIP)
    (sold,) = queries.sold_of(world.kade, [one])
    assert sold.count is not None
    assert (sold.count.reservations, sold.tickets) == (9, None)
    actions.report(one, totals(), seen=None, actor=world.actors["kade_editor"])
    assert queries.sold_of(world.kade, [one])[0].tickets == 100


def test_a_number_belongs_to_one_performance_of_a_theater(world: World) -> None:
    first, second = world.performances[:2]
    actor = world.actors["kade_editor"]
    actions.link(first, "A1", actor=actor)
    actions.link(first, "A1", actor=actor)
    assert Entry.objects.filter(code="count.linked").count() == 1
    with pytest.raises(Invalid):
        actions.link(second, "A1", actor=actor)
    assert actions.link_many({first: "B2", second: "B2"}, actor=actor)
    assert TicketLink.objects.get().system_number == "A1"
    # Elsewhere the same number is another performance.
    actions.link(world.rival_performance, "A1", actor=world.actors["haven_editor"])
    assert TicketLink.objects.count() == 2


@pytest.mark.parametrize("number", ["", "x" * 61, "a\nb"])
def test_what_is_no_number_is_refused(world: World, number: str) -> None:
    with pytest.raises(Invalid):
        actions.link(world.performances[0], number, actor=world.actors["kade_editor"])


def test_a_link_of_the_theater_before_counts_no_more(world: World) -> None:
    """The evening was moved to another house: its system knows nothing of the number."""
    one = world.performances[0]
    actions.link(one, "A1", actor=world.actors["kade_editor"])
    Performance.objects.filter(pk=one.pk).update(theater=world.other_theater, hall=None)
    assert queries.standings([one.pk])[one.pk].link is None
    actions.link(Performance.objects.get(pk=one.pk), "A1", actor=world.actors["haven_editor"])
    assert TicketLink.objects.get().theater == world.other_theater


def test_of_what_is_missing_the_past_of_this_season_and_the_coming_weeks(world: World) -> None:
    now = timezone.now()
    soon, far, gone = world.performances[:3]
    Performance.objects.exclude(pk__in=[soon.pk, far.pk, gone.pk]).delete()
    Performance.objects.filter(pk=soon.pk).update(starts_at=evening(20))
    Performance.objects.filter(pk=far.pk).update(starts_at=evening(43, 0, 0))
    Performance.objects.filter(pk=gone.pk).update(starts_at=now - dt.timedelta(days=500))

    def missing() -> list[int]:
        return [one.pk for one in queries.without_count([world.theater.pk], now)]

    assert missing() == [soon.pk]
    # The last day of the coming weeks counts whole.
    Performance.objects.filter(pk=soon.pk).update(starts_at=evening(42, 23, 59))
    assert missing() == [soon.pk]
    Performance.objects.filter(pk=gone.pk).update(starts_at=now - dt.timedelta(hours=3))
    assert missing() == [gone.pk, soon.pk]
    Performance.objects.filter(pk=soon.pk).update(status=PerformanceStatus.CANCELLED)
    assert missing() == [gone.pk]
    actions.report(gone, totals(0), seen=None, actor=world.actors["kade_editor"])
    assert missing() == []
