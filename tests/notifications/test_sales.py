"""The weekly sales mail: one for each subscription and week, of what the organisation may see, to who said yes."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.testing import capture_logs

from dipportal.catalogue.models import Performance, Production
from dipportal.core.errors import Invalid
from dipportal.notifications import actions, delivery, sales, sales_letters, subscriptions, tasks, weeks
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Attachment, Email, SalesRound, SalesSubscription
from dipportal.notifications.subscriptions import Wish
from dipportal.organisations.actors import staff
from dipportal.outbox.models import State
from dipportal.ticketing.running import Sales
from tests.access.neighbours import MARK
from tests.notifications.selling import (
    ALL,
    EMAIL,
    asked,
    due_at,
    editor,
    in_workbook,
    key_in,
    mails,
    season_sells,
    subscribed,
    with_link,
)
from tests.notifications.smtp import HANG_UP, mail_server
from tests.world import World, build

pytestmark = pytest.mark.django_db


def this_week(one: SalesSubscription, now: dt.datetime) -> Counter[tuple[str, str]]:
    return Counter({(f"sales:{one.pk}:{weeks.name_of(weeks.week_of(now))}", one.email): 1})


def only_mail() -> Email:
    return Email.objects.get(kind=Kind.SALES)


# --- once a week -------------------------------------------------------------------------------------------------
def test_one_mail_a_week_however_often_the_clock_ticks(world: World) -> None:
    season_sells(world)
    one, now = subscribed(world.agency), due_at()
    for _tick in range(3):
        sales.write_due(now)
    assert mails() == this_week(one, now)
    after = now + dt.timedelta(days=7)
    sales.write_due(after)
    sales.write_due(after)
    assert mails() == this_week(one, now) + this_week(one, after)


def test_not_before_its_hour_and_made_up_for_within_the_week(world: World) -> None:
    one = subscribed(world.agency, Wish("", "nl", None, 2, 14))
    moment = weeks.planned(weeks.week_of(timezone.now()), 2, 14)
    assert sales.write_due(moment - dt.timedelta(minutes=1)) == sales.Done()
    late = weeks.planned(weeks.week_of(moment), 6, 23)
    assert sales.write_due(late) == sales.Done(subscriptions=1, mails=1)
    assert mails() == this_week(one, moment)


def test_a_moment_before_the_yes_is_none(world: World) -> None:
    one, now = subscribed(world.agency, Wish("", "nl", None, 0, 0)), due_at()
    SalesSubscription.objects.update(confirmed_at=weeks.planned(weeks.week_of(now), 0, 1))
    assert sales.write_due(now) == sales.Done()
    assert sales.write_due(now + dt.timedelta(days=7)) == sales.Done(subscriptions=1, mails=1)
    assert list(mails()) == list(this_week(one, now + dt.timedelta(days=7)))


def test_another_moment_in_the_same_week_brings_no_second_mail(world: World) -> None:
    one, now = subscribed(world.agency), due_at()
    sales.write_due(weeks.planned(weeks.week_of(now), 0, 9))
    wish = Wish(one.name, one.language, None, 6, 20)
    subscriptions.change(one, wish, seen_version=one.version, actor=world.actors["agency_editor"])
    sales.write_due(now)
    assert mails() == this_week(one, now)


def test_stopped_and_asked_again_in_the_same_week_brings_no_second_mail(world: World) -> None:
    one, now = subscribed(world.agency), due_at()
    sales.write_due(now)
    subscriptions.stop(one, actor=world.actors["agency_editor"])
    subscribed(world.agency)
    sales.write_due(now)
    assert mails() == this_week(one, now)


def test_a_lost_record_of_the_week_brings_no_second_mail(world: World) -> None:
    one, now = subscribed(world.agency), due_at()
    sales.write_due(now)
    SalesRound.objects.all().delete()
    sales.write_due(now)
    assert mails() == this_week(one, now)
    assert Attachment.objects.count() == 1


def test_without_anything_running_nothing_is_mailed(world: World) -> None:
    subscribed(world.agency)
    Performance.objects.update(starts_at=timezone.now() - dt.timedelta(days=30))
    assert sales.write_due(due_at()) == sales.Done(subscriptions=1)
    assert not mails()
    assert sales.write_due(due_at()) == sales.Done()


def test_a_beat_costs_one_question_when_nothing_is_due(world: World) -> None:
    for number in range(5):
        subscribed(world.agency, email=f"lezer{number}@kantoor.example")
    sales.write_due(due_at())
    with CaptureQueriesContext(connection) as queries:
        assert sales.write_due(due_at()) == sales.Done()
    assert len(queries) == 1


# --- deaths ------------------------------------------------------------------------------------------------------
class Killed(BaseException):
    """As when a process ends: nobody catches it."""


@pytest.mark.parametrize("killer", [Killed, RuntimeError])
def test_a_worker_that_dies_at_any_statement_leaves_one_mail_after_the_next_beat(
    world: World, killer: type[BaseException]
) -> None:
    """Raised at the first statement, at the second, … until a run comes through."""
    season_sells(world)
    one, now, step = subscribed(world.agency), due_at(), 0
    while die_at(step, killer, now):
        assert len(mails()) == SalesRound.objects.count() == Attachment.objects.count(), "all of it, or nothing"
        with capture_logs():
            sales.write_due(now)
        assert mails() == this_week(one, now), f"after a death at statement {step}"
        assert Attachment.objects.get().email == only_mail()
        Email.objects.filter(kind=Kind.SALES).delete()
        SalesRound.objects.all().delete()
        step += 1
    assert step > 8, "nearly nothing was interrupted"


def die_at(step: int, killer: type[BaseException], now: dt.datetime) -> bool:
    """Write what is due until the statement of that number; False when there were not so many."""
    seen = 0

    def deadly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == step + 1:
            raise killer
        return execute(sql, params, many, context)

    with capture_logs(), connection.execute_wrapper(deadly):
        try:
            sales.write_due(now)
        except killer:
            return True
    return seen > step


def test_the_failure_of_one_stops_no_other_and_names_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = subscribed(world.agency), subscribed(world.rival, email="ander@kantoor.example")
    weekly = sales_letters.weekly

    def fails(subscription: SalesSubscription, *args: Any) -> Any:
        if subscription == bad:
            raise ValueError(subscription.email)
        return weekly(subscription, *args)

    monkeypatch.setattr(sales_letters, "weekly", fails)
    with capture_logs() as told:
        assert sales.write_due(due_at()) == sales.Done(subscriptions=1, mails=1, failed=1)
    assert mails() == this_week(good, due_at())
    assert [line["event"] for line in told] == [
        "sales mail failed",
        "sales mails not written; the next beat tries again",
    ]
    monkeypatch.undo()
    assert sales.write_due(due_at()) == sales.Done(subscriptions=1, mails=1)


def test_a_beat_that_takes_too_long_ends_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    subscribed(world.agency)

    def too_long(*_args: Any) -> Any:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(sales_letters, "weekly", too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        sales.write_due(due_at())
    monkeypatch.undo()
    assert sales.write_due(due_at()) == sales.Done(subscriptions=1, mails=1)


# --- who gets what -----------------------------------------------------------------------------------------------
def test_nobody_gets_figures_before_the_yes_or_after_the_stop(world: World) -> None:
    season_sells(world)
    asked(world.agency)
    gone = subscribed(world.rival)
    subscriptions.stop_reading(gone)
    assert sales.write_due(due_at()) == sales.Done()
    assert not mails()


def test_nothing_of_the_neighbour_is_in_a_mail_or_its_sheet(world: World) -> None:
    season_sells(world)
    Production.objects.filter(pk=world.rival_production.pk).update(title=f"{MARK} title")
    type(world.rival).objects.filter(pk=world.rival.pk).update(name=f"{MARK} organisation")
    type(world.other_theater).objects.filter(pk=world.other_theater.pk).update(name=f"{MARK} theater")
    ours, theirs = subscribed(world.agency), subscribed(world.rival, email="ander@kantoor.example")
    sales.write_due(due_at())
    for one, leaks in ((ours, False), (theirs, True)):
        mail = Email.objects.get(kind=Kind.SALES, recipient=one.email)
        for told in (mail.subject + mail.text + mail.html, in_workbook(mail.attachments.get().content)):
            assert (MARK in told) is leaks


def test_productions_of_a_lost_producer_are_gone_from_the_mail(world: World) -> None:
    season_sells(world)
    chosen = Wish("", "nl", [world.production.pk], 0, 9)
    subscribed(world.agency, chosen)
    subscribed(world.agency, email="alles@kantoor.example")
    world.producer.providers.remove(world.agency)
    assert sales.write_due(due_at()) == sales.Done(subscriptions=2)
    assert not mails()


def test_a_mail_that_waits_while_the_producer_is_lost_does_not_leave(world: World, settings: Any) -> None:
    season_sells(world)
    subscribed(world.agency)
    sales.write_due(due_at())
    world.producer.providers.remove(world.agency)
    leave(settings)
    assert (only_mail().state, only_mail().error_code) == (State.ABANDONED, "purpose")
    assert (only_mail().text, only_mail().html, only_mail().one_click) == ("", "", "")


def leave(settings: Any) -> list[Any]:
    """Send what is due. Returns the letters about sales that arrived."""
    with mail_server(settings) as post:
        delivery.drain_due()
        return [letter for letter in post.letters if "List-Unsubscribe-Post" in letter]


@pytest.mark.parametrize("who", ["reader", "member"])
def test_a_mail_that_waits_while_it_is_stopped_does_not_leave(world: World, settings: Any, who: str) -> None:
    one = subscribed(world.agency)
    sales.write_due(due_at())
    if who == "reader":
        subscriptions.stop_reading(one)
    else:
        subscriptions.stop(one, actor=editor(world.agency))
    assert leave(settings) == []
    assert only_mail().state == State.ABANDONED


# --- what it says ------------------------------------------------------------------------------------------------
def test_the_subject_says_what_changed(world: World) -> None:
    season_sells(world)
    subscribed(world.agency, Wish("", "en", None, 0, 9))
    now = due_at()
    sales.write_due(now)
    week = weeks.week_of(now).isocalendar().week
    assert only_mail().subject == f"Sales week {week}: 1,240 tickets, +86"


def test_the_text_has_the_totals_the_weakest_and_the_way_to_stop(world: World) -> None:
    season_sells(world)
    subscribed(world.agency, Wish("Zwanenzang", "en", None, 0, 9))
    sales.write_due(due_at())
    mail = only_mail()
    for words in ("1,240", "41,3\u00a0%", "3 of 3 performances", "De Storm", "40 of 1,000", "+10 in a week"):
        assert words in mail.text, words
    assert mail.text.index("40 of 1,000") < mail.text.index("400 of 1,000"), "the weakest first"
    key = key_in(mail.text)
    assert key in mail.html
    assert key in mail.one_click
    assert "Zwanenzang" not in mail.text + mail.html + mail.subject


def test_a_title_is_no_line_of_ours_and_no_formula(world: World) -> None:
    Production.objects.filter(pk=world.production.pk).update(
        title="=1+1\r\nBcc: iemand@kwaad.example\n--\nhttp://kwaad.example"
    )
    subscribed(world.agency)
    sales.write_due(due_at())
    mail = only_mail()
    assert "\nhttp://kwaad.example" not in mail.text
    assert "\nBcc" not in mail.text
    assert "<f>" not in in_workbook(mail.attachments.get().content)


def test_the_mail_of_one_who_chose_is_of_what_was_chosen(world: World) -> None:
    other = Production.objects.create(title="Zeewind", dip_id="NL-25-123-9", producer=world.producer)
    Performance.objects.create(production=other, theater=world.theater, starts_at=timezone.now(), number=99)
    subscribed(world.agency, Wish("", "nl", [other.pk], 0, 9))
    sales.write_due(due_at())
    mail = only_mail()
    assert "Zeewind" in mail.text
    assert "De Storm" not in mail.text + in_workbook(mail.attachments.get().content)


def test_many_productions_are_cut_in_the_mail_and_whole_in_the_sheet(world: World) -> None:
    for number in range(60):
        made = Production.objects.create(title=f"Stuk {number:02}", dip_id=f"NL-25-1-{number}", producer=world.producer)
        Performance.objects.create(
            production=made, theater=world.theater, starts_at=timezone.now(), number=900 + number
        )
    subscribed(world.agency)
    sales.write_due(due_at())
    mail = only_mail()
    listed = sum(f"Stuk {number:02}" in mail.text for number in range(60))
    assert listed < 60
    assert all(f"Stuk {number:02}" in in_workbook(mail.attachments.get().content) for number in range(60))


# --- how it leaves -----------------------------------------------------------------------------------------------
def test_a_second_copy_is_the_first_one_again(world: World, settings: Any) -> None:
    """The server took it, and the connection broke before its word: the same Message-ID, the same sheet."""
    season_sells(world)
    one = subscribed(world.agency)
    sales.write_due(due_at())
    Email.objects.exclude(kind=Kind.SALES).delete()
    with mail_server(settings) as post:
        post.data[one.email] = [HANG_UP]
        delivery.drain_due()
        Email.objects.update(due_at=timezone.now())
        # What sells meanwhile is in the next week's.
        season_sells(world)
        Performance.objects.update(status="cancelled")
        delivery.drain_due()
    first, second = post.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert [part.get_payload(decode=True) for part in first.walk() if not part.is_multipart()] == [
        part.get_payload(decode=True) for part in second.walk() if not part.is_multipart()
    ]
    (sheet,) = [part for part in first.walk() if part.get_filename()]
    assert sheet.get_filename().endswith(".xlsx")
    assert sheet.get_payload(decode=True) == bytes(Attachment.objects.get().content)


def test_it_has_the_headers_with_which_a_mail_program_stops_it(world: World, settings: Any) -> None:
    subscribed(world.agency)
    sales.write_due(due_at())
    key = key_in(only_mail().text)
    (letter,) = leave(settings)
    assert letter["List-Unsubscribe"].endswith(f"/verkoopmail/{key}/stoppen/>")
    assert letter["List-Unsubscribe"].strip().startswith("<http")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_no_key_of_a_link_stays_behind_once_it_has_left(world: World, settings: Any) -> None:
    """Nor does it ever stand where subscriptions are kept."""
    one, invited_with = asked(world.agency)
    subscriptions.agree(one, invited_with)
    SalesSubscription.objects.update(confirmed_at=timezone.now() - dt.timedelta(days=14))
    sales.write_due(due_at())
    key = key_in(only_mail().text)
    leave(settings)
    assert only_mail().state == State.DONE
    for model in (Email, SalesSubscription, SalesRound):
        stored = str(list(model._default_manager.values()))
        assert key not in stored
        assert invited_with not in stored


def test_a_mail_that_an_administrator_gives_up_leaves_no_key_behind(world: World) -> None:
    subscribed(world.agency)
    sales.write_due(due_at())
    actions.abandon(only_mail(), actor=staff(world.people["staff"]))
    assert (only_mail().text, only_mail().html, only_mail().one_click) == ("", "", "")


def test_old_files_and_links_go_and_what_waits_keeps_its_file(world: World) -> None:
    season_sells(world)
    subscribed(world.agency)
    waiting = subscribed(world.agency, email="wacht@kantoor.example")
    sales.write_due(due_at())
    Email.objects.filter(kind=Kind.SALES).exclude(recipient=waiting.email).update(
        state=State.DONE, done_at=timezone.now()
    )
    later = timezone.now() + sales.FILES_LAST - dt.timedelta(hours=1)
    assert sales.clear(later) == 0
    assert sales.clear(later + dt.timedelta(days=1)) == 1
    assert Attachment.objects.get().email.recipient == waiting.email
    assert SalesRound.objects.count() == 2
    subscriptions.stop_reading(waiting)
    sales.clear(timezone.now() + sales.LINKS_LAST + dt.timedelta(days=1))
    assert SalesRound.objects.count() == 0
    assert [one.email for one in SalesSubscription.objects.all()] == [EMAIL]


def test_a_mail_of_last_week_gives_way_to_that_of_this_week(world: World, settings: Any) -> None:
    one = subscribed(world.agency)
    now = due_at()
    sales.write_due(now)
    sales.write_due(now + dt.timedelta(days=7))
    assert len(leave(settings)) == 1
    left = Email.objects.get(kind=Kind.SALES, state=State.DONE)
    assert left.event_key == sales_letters.event_key(one.pk, weeks.week_of(now + dt.timedelta(days=7)))


def test_the_link_of_every_mail_works_not_only_of_the_newest(world: World) -> None:
    one, token = with_link(world.agency)
    sales.write_due(due_at())
    for key in (token, key_in(only_mail().text)):
        assert subscriptions.by_stop_link(key) == one


def test_an_empty_house_has_a_mail_too(world: World) -> None:
    """Running, and nobody has counted yet."""
    subscribed(world.agency, ALL)
    sales.write_due(due_at())
    assert Sales.of(world.agency, timezone.now(), None).together.counted == []
    assert ": 0 " in only_mail().subject


def test_the_beats_have_their_tasks(world: World) -> None:
    one = subscribed(world.agency, Wish("", "nl", None, 0, 0))
    tasks.write_sales()
    assert mails() == this_week(one, timezone.now())
    Email.objects.update(state=State.DONE, done_at=timezone.now() - sales.FILES_LAST * 2)
    assert tasks.clear_sales() == 1


# --- two at once -------------------------------------------------------------------------------------------------
def together(*acts: Callable[[], Any]) -> list[Any]:
    """What these give when they run at the same time, each in a thread with its own connection."""

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(alone, act) for act in acts]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_write_one_mail_each() -> None:
    world = build()
    with transaction.atomic():
        season_sells(world)
    readers = [subscribed(world.agency, email=f"lezer{number}@kantoor.example") for number in range(3)]
    start, now = threading.Barrier(8, timeout=60), due_at()

    def worker() -> sales.Done:
        connection.ensure_connection()
        start.wait()
        return sales.write_due(now)

    done = together(*[worker] * 8)
    sales.write_due(now)
    assert sum(one.failed for one in done) == 0
    assert mails() == sum((this_week(one, now) for one in readers), Counter())
    assert Attachment.objects.count() == SalesRound.objects.count() == 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_stop_that_comes_while_the_mail_is_written_keeps_it_from_leaving(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    world = build()
    one = subscribed(world.agency)
    inside, weekly = threading.Event(), sales_letters.weekly

    def seen(*args: Any) -> Any:
        inside.set()
        return weekly(*args)

    monkeypatch.setattr(sales_letters, "weekly", seen)

    def stop() -> None:
        assert inside.wait(30)
        subscriptions.stop_reading(one)

    together(lambda: sales.write_due(due_at()), stop)
    assert leave(settings) == []
    assert only_mail().state == State.ABANDONED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_members_who_ask_the_same_address_write_one_invitation() -> None:
    world = build()
    start = threading.Barrier(2, timeout=60)

    def ask() -> str:
        connection.ensure_connection()
        start.wait()
        try:
            subscriptions.invite(world.agency, EMAIL, ALL, actor=editor(world.agency))
        except Invalid:
            return "refused"
        return "asked"

    assert sorted(together(ask, ask)) == ["asked", "refused"]
    assert Email.objects.filter(kind=Kind.SALES_INVITATION).count() == 1
