"""The weekly mail about missing counts: when it comes, to whom, and what it has lost its purpose by."""

import datetime as dt
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dipportal.catalogue.models import Performance, Theater
from dipportal.journal.models import Entry
from dipportal.notifications import purpose, recipients, tasks, weekly, weeks
from dipportal.notifications.models import Email, WeeklyRound
from dipportal.organisations.models import Membership, User
from dipportal.outbox.models import State
from dipportal.ticketing.models import Counting, TicketCount
from tests.notifications.clocks import without_summer_time
from tests.notifications.owing import KADE, NOW, STEP, count, expected, mails, owe, owe_always, set_moment, tick
from tests.world import World

SUNDAY = 6


# --- when --------------------------------------------------------------------------------------------------------
def test_the_mail_comes_on_monday_at_eight_and_not_a_moment_before(world: World) -> None:
    owe(world)
    eight = dt.datetime(2027, 2, 8, 7, 0, tzinfo=dt.UTC)
    assert weekly.write_due(eight - dt.timedelta(seconds=1)) == weekly.Done()
    assert weekly.write_due(eight) == weekly.Done(theaters=2, mails=4)
    assert mails() == expected(world, "2027-W06")


def test_each_theater_has_its_own_moment(world: World) -> None:
    owe(world)
    set_moment(world.theater, 2, 12)
    set_moment(world.other_theater, 2, 13)
    assert weekly.due(NOW) == [world.theater.pk]
    assert weekly.due(NOW + dt.timedelta(hours=1)) == [world.theater.pk, world.other_theater.pk]


def test_a_theater_that_turned_it_off_gets_none(world: World) -> None:
    owe(world)
    set_moment(world.theater, reminded=False)
    weekly.write_due(NOW)
    assert {key for key, _reader in mails()} == {f"counts:{world.other_theater.pk}:2027-W06"}


def test_a_theater_that_nobody_runs_gets_none(world: World) -> None:
    owe(world)
    Theater.objects.update(receiver=None)
    assert weekly.due(NOW) == []
    assert weekly.write_for(world.theater.pk, NOW) is None


def test_nothing_to_report_is_no_mail_also_when_something_is_missing_later_in_the_week(world: World) -> None:
    Performance.objects.update(starts_at=NOW + dt.timedelta(days=60))
    assert weekly.write_due(NOW) == weekly.Done(theaters=2)
    owe(world)
    assert weekly.write_due(NOW + dt.timedelta(days=1)) == weekly.Done()
    assert not Email.objects.exists()
    assert weekly.write_due(NOW + dt.timedelta(days=5)).mails == 4


def test_what_was_missed_comes_within_the_week_and_never_after_it(world: World) -> None:
    owe(world)
    late = dt.datetime(2027, 2, 14, 22, 59, tzinfo=dt.UTC)
    with_a_day_off = late + dt.timedelta(minutes=2)
    set_moment(world.other_theater, 1)
    assert weekly.due(late) == [world.theater.pk, world.other_theater.pk]
    assert weekly.due(with_a_day_off) == [], "the week of which it was missed has passed"
    weekly.write_due(late)
    assert mails() == expected(world, "2027-W06")


@pytest.mark.parametrize("moment", [(0, 0), (SUNDAY, 1), (SUNDAY, 2), (SUNDAY, 3), (SUNDAY, 23)])
@pytest.mark.parametrize("first", [dt.date(2027, 3, 15), dt.date(2026, 10, 12)], ids=["spring", "autumn"])
@pytest.mark.parametrize("without", [False, True], ids=["rules of today", "no summer time"])
def test_beats_that_come_twice_give_one_in_each_week_when_the_clock_changes(
    world: World, moment: tuple[int, int], first: dt.date, without: bool, tmp_path: Path
) -> None:
    owe_always(world, dt.datetime.combine(first, dt.time(), dt.UTC))
    for theater in (world.theater, world.other_theater):
        set_moment(theater, *moment)
    with without_summer_time(tmp_path) if without else nullcontext():
        for n in range(3):
            saturday = dt.datetime.combine(first + dt.timedelta(weeks=n, days=5), dt.time(20), dt.UTC)
            tick(saturday, saturday + dt.timedelta(hours=30))
        named = [weeks.name_of(first + dt.timedelta(weeks=n)) for n in range(3 if moment[0] else 4)]
    assert mails() == expected(world, *named)


@pytest.mark.parametrize("other_way", [False, True], ids=["summer time ends for ever", "summer time comes back"])
@pytest.mark.parametrize("turned", range(-3, 4))
@pytest.mark.parametrize("moment", [(0, 0), (0, 1), (SUNDAY, 22)])
def test_a_change_of_the_rules_around_the_moment_gives_one_in_each_week(
    world: World, moment: tuple[int, int], turned: int, other_way: bool, tmp_path: Path
) -> None:
    """New rules are read between two beats, in the night in which a summer week ends."""
    begin = dt.datetime(2026, 9, 6, 10, tzinfo=dt.UTC)
    change = dt.datetime(2026, 9, 6, 22, tzinfo=dt.UTC) + turned * STEP + dt.timedelta(minutes=30)
    owe_always(world, begin)
    for theater in (world.theater, world.other_theater):
        set_moment(theater, *moment)
    rules = [nullcontext(), without_summer_time(tmp_path)]
    before, after = reversed(rules) if other_way else rules
    with before:
        tick(begin, change)
    with after:
        tick(change, begin + dt.timedelta(days=1))
    assert mails() == expected(world, "2026-W36", *([] if moment[0] else ["2026-W37"]))


# --- a change of the moment --------------------------------------------------------------------------------------
def test_who_moves_the_moment_gets_no_second_one_this_week_and_does_not_miss_the_next(world: World) -> None:
    owe(world)
    monday, thursday = NOW - dt.timedelta(days=2), NOW + dt.timedelta(days=1)
    weekly.write_due(monday)
    for theater in (world.theater, world.other_theater):
        set_moment(theater, 3, 8)
    tick(NOW, thursday + dt.timedelta(days=3))
    assert mails() == expected(world, "2027-W06")
    for theater in (world.theater, world.other_theater):
        set_moment(theater, 0, 8)
    tick(thursday + dt.timedelta(days=3), thursday + dt.timedelta(days=7))
    assert mails() == expected(world, "2027-W06", "2027-W07")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 27), st.integers(0, 6), st.integers(0, 23)), max_size=6))
def test_however_the_moment_is_moved_about_there_is_one_in_each_week(
    world: World, changes: list[tuple[int, int, int]]
) -> None:
    """`changes`: before which of the days of these four weeks, to which weekday and hour."""
    begin = dt.datetime(2027, 2, 7, 23, tzinfo=dt.UTC)  # Monday in Amsterdam
    for model in (Email, WeeklyRound, Counting):
        model.objects.all().delete()
    Performance.objects.filter(number__gte=70_000_000, number__lt=70_010_000).delete()
    owe_always(world, begin)
    due_at = {day: (weekday, hour) for day, weekday, hour in changes}
    for day in range(28):
        if day in due_at:
            for theater in (world.theater, world.other_theater):
                set_moment(theater, *due_at[day])
        for hour in (0, 6, 12, 18, 23):
            weekly.write_due(begin + dt.timedelta(days=day, hours=hour, minutes=30))
    assert mails() == expected(world, *(f"2027-W{n:02}" for n in (6, 7, 8, 9)))


# --- to whom -----------------------------------------------------------------------------------------------------
def readers_of(world: World) -> set[str]:
    weekly.write_for(world.theater.pk, NOW)
    return {reader for _key, reader in mails()}


def test_viewers_and_closed_accounts_hear_nothing(world: World) -> None:
    owe(world)
    User.objects.filter(email="editor@de-kade.example").update(is_active=False)
    assert readers_of(world) == {"manager@de-kade.example"}


def test_who_switched_it_off_gets_none_and_the_office_does_not_get_it_instead(world: World) -> None:
    owe(world)
    User.objects.filter(email="editor@de-kade.example").update(mail_counts=False)
    assert readers_of(world) == {"manager@de-kade.example"}
    User.objects.update(mail_counts=False)
    assert recipients.counters(world.kade) == []


def test_where_nobody_can_enter_anything_the_office_is_told(world: World) -> None:
    owe(world)
    Membership.objects.filter(organisation=world.kade).exclude(role="viewer").delete()
    assert readers_of(world) == {"contact@de-kade.example"}
    text = Email.objects.get().text
    assert "/account/voorkeuren/" not in text
    assert "/kaartstanden/instellingen/" in Email.objects.get().headers["List-Unsubscribe"]


def test_an_organisation_of_two_theaters_gets_a_mail_for_each(world: World) -> None:
    owe(world)
    Theater.objects.filter(pk=world.other_theater.pk).update(receiver=world.kade)
    weekly.write_due(NOW)
    assert mails() == Counter((f"counts:{theater}:2027-W06", reader) for theater in (19, 20) for reader in KADE)


def test_whoever_works_for_both_houses_gets_a_mail_of_each(world: World) -> None:
    owe(world)
    Membership.objects.create(user=world.people["kade_editor"], organisation=world.haven, role="editor")
    weekly.write_due(NOW)
    both = Email.objects.filter(recipient="editor@de-kade.example").order_by("pk")
    assert [row.organisation for row in both] == [world.kade, world.haven]


def test_the_clock_writes_no_line_in_the_journal(world: World) -> None:
    owe(world)
    before = Entry.objects.count()
    weekly.write_due(NOW)
    assert Entry.objects.count() == before


# --- when it has waited ------------------------------------------------------------------------------------------
@pytest.fixture
def waiting(world: World) -> Email:
    """A mail of this week that has not left."""
    for performance, days in zip(world.performances, (3, 4, 5), strict=True):
        Performance.objects.filter(pk=performance.pk).update(starts_at=timezone.now() + dt.timedelta(days=days))
    weekly.write_for(world.theater.pk, timezone.now(), at_once=True)
    row = Email.objects.get(recipient="editor@de-kade.example")
    assert purpose.lost(row) == ""
    return row


def test_counts_that_came_in_before_it_left_make_it_needless(world: World, waiting: Email) -> None:
    for performance in world.performances[:2]:
        count(performance)
        assert purpose.lost(waiting) == "", "one is missing still"
    count(world.performances[2])
    assert purpose.lost(waiting) != ""
    tasks.drain_mail()
    assert set(Email.objects.values_list("state", flat=True)) == {State.ABANDONED}


def test_what_is_missing_since_is_no_reason_to_send_a_list_of_others(world: World, waiting: Email) -> None:
    owe_always(world, timezone.now())
    for performance in world.performances:
        count(performance)
    assert purpose.lost(waiting) != ""


def test_a_count_that_dip_took_back_is_missing_again(world: World, waiting: Email) -> None:
    for performance in world.performances:
        count(performance)
    TicketCount.objects.filter(performance=world.performances[0]).update(missing_since=timezone.now())
    assert purpose.lost(waiting) == ""


def test_a_mail_that_was_turned_off_before_it_left_stays(world: World, waiting: Email) -> None:
    set_moment(world.theater, reminded=False)
    assert purpose.lost(waiting) != ""


def test_a_theater_that_changed_hands_tells_the_old_ones_nothing(world: World, waiting: Email) -> None:
    Theater.objects.filter(pk=world.theater.pk).update(receiver=world.haven)
    assert purpose.lost(waiting) != ""


def test_a_mail_that_was_held_up_leaves_until_the_next_week_is_dealt_with(world: World, waiting: Email) -> None:
    later = timezone.now() + dt.timedelta(weeks=1)
    weekly.write_for(world.other_theater.pk, later, at_once=True)
    assert purpose.lost(waiting) == ""
    weekly.write_for(world.theater.pk, later, at_once=True)
    assert purpose.lost(waiting) != ""
    assert purpose.lost(Email.objects.filter(recipient=waiting.recipient).latest("pk")) == ""
