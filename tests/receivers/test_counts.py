"""A theater looks at its counts and enters them."""

import datetime as dt
from collections.abc import Callable
from html import unescape
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.dip import connections
from dipportal.dip.models import Operation
from dipportal.journal.models import Entry
from dipportal.organisations.actors import Actor, staff
from dipportal.organisations.models import User
from dipportal.outbox.models import State
from dipportal.receivers import start
from dipportal.ticketing import actions, mirror
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import Counting, TicketCount
from tests.world import World, evening

pytestmark = pytest.mark.django_db
Url = Callable[..., str]

TYPED: dict[str, Any] = {
    "normal": "240", "discount": "60", "free": "10", "other": "5", "complimentary": "2", "revenue_cents": "8.010,00",
    "reservations": "12", "blocked_seats": "", "seen": "", "sure": "",
}  # fmt: skip


@pytest.fixture
def play(world: World) -> Performance:
    """Next week, in a hall of 500."""
    one = world.performances[0]
    Performance.objects.filter(pk=one.pk).update(capacity=[400, 100], starts_at=evening(7))
    one.refresh_from_db()
    return one


def test_what_is_typed_stands_there_and_is_told(editor: Client, url: Url, play: Performance) -> None:
    answer = editor.post(url("count", pk=play.pk), TYPED, follow=True)
    assert answer.redirect_chain == [(url("counts"), 302)]
    assert "315 tickets" in answer.content.decode()
    count = TicketCount.objects.get(performance=play)
    assert (count.source, count.tickets, count.revenue_cents) == (Source.HAND, 315, 801_000)
    assert (count.other, count.complimentary, count.reservations, count.blocked_seats) == (3, 2, 12, 0)
    line = Entry.objects.get(code="count.reported")
    assert (line.target_id, line.fields["normal"], line.thread) == (str(play.pk), 240, play.thread)
    page = editor.get(url("count", pk=play.pk)).content.decode()
    # 'Other' is shown with its complimentary tickets, on the form too.
    assert 'name="other" value="5"' in page
    assert "Ticket count entered" in page


def test_the_start_page_tells_how_many_counts_the_list_of_counts_misses(world: World, editor: Client, url: Url) -> None:
    soon, last, far = world.performances[:3]
    Performance.objects.exclude(pk__in=[soon.pk, last.pk, far.pk]).delete()
    for one, when in ((soon, evening(7)), (last, evening(42, 23, 59)), (far, evening(43, 0, 0))):
        Performance.objects.filter(pk=one.pk).update(starts_at=when)

    def told() -> list[int]:
        listed = editor.get(url("counts")).context["list"].page.paginator.count
        return [editor.get(url("start")).context["lacking"], listed]

    assert told() == [2, 2]
    assert (
        "Of 2 performances of this season no ticket count is registered." in editor.get(url("start")).content.decode()
    )
    neighbour = Client()
    neighbour.force_login(world.people["haven_editor"])
    elsewhere = Performance.objects.filter(theater=world.other_theater)
    assert neighbour.get(world.haven.home_url).context["lacking"] == elsewhere.count() == 0
    # What is kept of the asking is of one day.
    with mock.patch.object(timezone, "now", return_value=timezone.now() + dt.timedelta(days=1)):
        assert start.of(world.kade).lacking == 3
    mirror.write({one.pk: mirror.sold(0, 0, timezone.now(), None) for one in (soon, last)}, source=Source.HAND)
    assert told() == [0, 0]
    assert 'id="lacking"' not in editor.get(url("start")).content.decode()


def test_each_field_has_its_definition_beside_it(editor: Client, url: Url, play: Performance) -> None:
    page = editor.get(url("count", pk=play.pk)).content.decode()
    for words in ("Tickets at the regular price.", "Tickets that were given away.", "not paid yet", "kept back"):
        assert words in page


def test_the_same_once_more_writes_nothing(editor: Client, url: Url, play: Performance) -> None:
    editor.post(url("count", pk=play.pk), TYPED)
    before = TicketCount.objects.get(performance=play).changed_at
    assert editor.post(url("count", pk=play.pk), TYPED).status_code == 302
    assert TicketCount.objects.get(performance=play).changed_at == before
    assert Entry.objects.filter(code="count.reported").count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"normal": "540", "revenue_cents": "14.000,00"}, "615 tickets are more than the 500 seats"),
        ({"reservations": "190"}, "together are 505: more than the 500 seats"),
        ({"revenue_cents": "80.100,00"}, "which is not likely"),
        ({"revenue_cents": "80,10"}, "which is not likely"),
        ({"revenue_cents": ""}, "which is not likely"),
        ({"normal": "", "discount": "", "other": "", "complimentary": ""}, "no ticket that has a price"),
    ],
)
def test_what_is_unlikely_is_asked_once_more(
    editor: Client, url: Url, play: Performance, typed: dict[str, str], words: str
) -> None:
    asked = editor.post(url("count", pk=play.pk), TYPED | typed)
    assert words in asked.content.decode()
    assert "Nothing was saved yet" in asked.content.decode()
    assert not TicketCount.objects.exists()
    sure = asked.context["form"]["sure"].value()
    assert editor.post(url("count", pk=play.pk), TYPED | typed | {"sure": sure}).status_code == 302
    assert TicketCount.objects.filter(performance=play).exists()


def test_another_doubt_than_the_one_that_was_read_is_asked_too(editor: Client, url: Url, play: Performance) -> None:
    asked = editor.post(url("count", pk=play.pk), TYPED | {"revenue_cents": "80,10", "sure": "tickets"})
    assert asked.status_code == 200
    assert not TicketCount.objects.exists()


def test_fewer_than_last_time_is_asked(editor: Client, url: Url, play: Performance) -> None:
    editor.post(url("count", pk=play.pk), TYPED)
    seen = TicketCount.objects.get().changed_at.isoformat()
    fewer = TYPED | {"normal": "200", "revenue_cents": "7.000", "seen": seen}
    assert (
        "Last time there were 315 tickets, now there are 275."
        in editor.post(url("count", pk=play.pk), fewer).content.decode()
    )
    assert TicketCount.objects.get().tickets == 315
    assert editor.post(url("count", pk=play.pk), fewer | {"sure": "fewer"}).status_code == 302
    assert TicketCount.objects.get().tickets == 275


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"normal": "-3"}, "This is not a whole number"),
        ({"normal": "2,5"}, "This is not a whole number"),
        ({"normal": "999999999999999999999999"}, "This number is too large"),
        ({"revenue_cents": "veel"}, "This is not an amount"),
        ({"complimentary": "9"}, "there cannot be more of them"),
        (dict.fromkeys(TYPED, ""), "Fill in how many tickets there are"),
        ({"seen": "gisteren"}, "Open this page again"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    editor: Client, url: Url, play: Performance, typed: dict[str, str], words: str
) -> None:
    answer = editor.post(url("count", pk=play.pk), TYPED | typed)
    assert words in answer.content.decode().replace("&#x27;", "'")
    assert not TicketCount.objects.exists()


def test_whoever_is_second_sees_both_and_overwrites_nothing(
    editor: Client, url: Url, world: World, play: Performance
) -> None:
    colleague = Client()
    colleague.force_login(world.people["kade_manager"])
    colleague.post(url("count", pk=play.pk), TYPED | {"normal": "250", "revenue_cents": "8.300"})
    late = editor.post(url("count", pk=play.pk), TYPED | {"normal": "260", "revenue_cents": "8.500"})
    assert late.status_code == 409
    page = late.content.decode()
    assert "Somebody changed this meanwhile" in page
    assert "250" in page
    assert TicketCount.objects.get().normal == 250
    again = {"normal": "260", "revenue_cents": "8.500", "seen": late.context["form"]["seen"].value()}
    assert editor.post(url("count", pk=play.pk), TYPED | again).status_code == 302
    assert TicketCount.objects.get().normal == 260


def test_a_linked_performance_refuses_in_words(editor: Client, url: Url, world: World, play: Performance) -> None:
    actions.link(play, "EV-4711", actor=world.actors["kade_editor"])
    page = editor.get(url("count", pk=play.pk)).content.decode()
    assert "under the number EV-4711" in page
    assert 'name="normal"' not in page
    answer = editor.post(url("count", pk=play.pk), TYPED, follow=True)
    assert "under the number EV-4711" in answer.content.decode()
    assert not TicketCount.objects.exists()


def administrator() -> Actor:
    return staff(User.objects.create_superuser("beheer@portaal.example", "een-lang-wachtwoord-9", name="Beheer"))


def told_by_dip(play: Performance, tickets: int, *, hours: int = 0) -> None:
    moment = timezone.now() + dt.timedelta(hours=hours)
    mirror.write({play.pk: mirror.sold(tickets, tickets * 2500, moment, None)}, source=Source.DIP)


def test_a_count_that_dip_gets_from_elsewhere_closes_the_form(editor: Client, url: Url, play: Performance) -> None:
    told_by_dip(play, 200)
    page = editor.get(url("count", pk=play.pk)).content.decode()
    assert "DIP gets the count of this performance by itself already" in page.replace("&#x27;", "'")
    assert 'name="normal"' not in page
    Counting.objects.create(theater=play.theater, by_hand=True)
    assert 'name="normal"' in editor.get(url("count", pk=play.pk)).content.decode()


def test_what_was_entered_here_and_comes_back_from_dip_closes_nothing(
    editor: Client, url: Url, play: Performance
) -> None:
    editor.post(url("count", pk=play.pk), TYPED)
    mine = TicketCount.objects.get()
    back = mirror.sold(mine.tickets or 0, mine.revenue_cents or 0, timezone.now(), None)
    mirror.write({play.pk: back}, source=Source.DIP)
    assert 'name="normal"' in editor.get(url("count", pk=play.pk)).content.decode()
    # What was corrected while it was under way comes back as it was.
    told_by_dip(play, 300, hours=1)
    assert 'name="normal"' in editor.get(url("count", pk=play.pk)).content.decode()
    # Another count, told days after it: a link has come to life.
    told_by_dip(play, 330, hours=30)
    assert 'name="normal"' not in editor.get(url("count", pk=play.pk)).content.decode()


def test_on_to_the_next_one_without_a_count(editor: Client, url: Url, world: World, play: Performance) -> None:
    second = world.performances[1]
    Performance.objects.filter(pk=second.pk).update(starts_at=evening(8))
    Performance.objects.exclude(pk__in=[play.pk, second.pk]).update(starts_at=evening(300))
    answer = editor.post(url("count", pk=play.pk), TYPED | {"next": "1"})
    assert answer["Location"] == url("count", pk=second.pk)
    last = editor.post(url("count", pk=second.pk), TYPED | {"next": "1"}, follow=True)
    assert last.redirect_chain[0][0] == url("counts")
    assert "no count is missing now" in last.content.decode()


def test_the_list_begins_with_what_is_missing(editor: Client, url: Url, world: World, play: Performance) -> None:
    Performance.objects.exclude(pk=play.pk).update(starts_at=evening(300))
    assert play.production.title in editor.get(url("counts")).content.decode()
    editor.post(url("count", pk=play.pk), TYPED)
    empty = editor.get(url("counts")).content.decode()
    assert "No count is missing" in empty
    everything = editor.get(url("counts") + "?state=").content.decode()
    assert "315" in everything
    assert "entered by the theater" in everything
    assert "315" in editor.get(url("counts") + "?state=told").content.decode()


def test_the_neighbour_s_performances_are_not_there(editor: Client, url: Url, world: World) -> None:
    title = "BUURMAN-STUK"
    world.rival_production.title = title
    world.rival_production.save()
    Performance.objects.filter(pk=world.rival_performance.pk).update(starts_at=evening(3))
    assert title not in editor.get(url("counts") + "?state=").content.decode()


def test_the_list_costs_the_same_with_many(editor: Client, url: Url, world: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert editor.get(url("counts") + "?state=").status_code == 200
        return len(asked)

    editor.get(url("counts"))
    few = cost()
    one = world.performances[0]
    Performance.objects.bulk_create(
        Performance(
            production=one.production, theater=one.theater, hall=one.hall, starts_at=evening(n), number=90_000 + n
        )
        for n in range(1, 30)
    )
    assert cost() == few


def test_a_viewer_reads_and_cannot_enter(world: World, url: Url, play: Performance) -> None:
    viewer = Client()
    viewer.force_login(world.people["kade_viewer"])
    page = viewer.get(url("count", pk=play.pk)).content.decode()
    assert "data-action" not in page
    assert viewer.post(url("count", pk=play.pk), TYPED).status_code == 403
    assert "data-action" not in viewer.get(url("counting")).content.decode()


def test_how_a_house_counts_is_kept_for_each_theater(editor: Client, url: Url, world: World) -> None:
    pk = world.theater.pk
    typed = {"theater": pk, "version": "1", "by_hand": "on", "weekday": "3", "hour": "9"}
    saved = editor.post(url("counting"), {f"t{pk}-{name}": value for name, value in typed.items()}, follow=True)
    assert f"Saved for {world.theater.name}" in unescape(saved.content.decode())
    row = Counting.objects.get(theater=pk)
    assert (row.by_hand, row.reminded, row.weekday, row.hour, row.version) == (True, False, 3, 9, 2)
    stale = editor.post(
        url("counting"), {f"t{pk}-{name}": value for name, value in typed.items()} | {f"t{pk}-hour": "7"}
    )
    assert "Somebody changed this meanwhile" in stale.content.decode()
    assert Counting.objects.get(theater=pk).hour == 9
    other = world.other_theater.pk
    editor.post(
        url("counting"), {f"t{other}-{name}": value for name, value in typed.items()} | {f"t{other}-theater": other}
    )
    assert not Counting.objects.filter(theater=other).exists()


def test_how_far_a_count_has_come_stands_on_its_page(editor: Client, url: Url, world: World, play: Performance) -> None:
    """Without a credential of the theater nothing is said of DIP; with one: on its way, refused in words, told."""
    editor.post(url("count", pk=play.pk), TYPED)
    assert 'id="sending"' not in editor.get(url("count", pk=play.pk)).content.decode()
    connections.save_connection(world.kade, client_id="kassa", secret="geheim-van-de-kassa", actor=administrator())
    assert "On its way to DIP" in editor.get(url("count", pk=play.pk)).content.decode()
    rows = Operation.objects.filter(organisation=world.kade)
    # Of blocked seats there are none, here and there.
    assert rows.count() == 2
    rows.update(state=State.ATTENTION, error_text="DIP kent deze voorstelling niet.")
    page = editor.get(url("count", pk=play.pk)).content.decode()
    assert "DIP kent deze voorstelling niet." in page
    assert "A count did not get to DIP" in editor.get(url("counts")).content.decode()
    viewer = Client()
    viewer.force_login(world.people["kade_viewer"])
    assert "data-action" not in viewer.get(url("count", pk=play.pk)).content.decode()
    assert viewer.post(url("count_retry", pk=play.pk)).status_code == 403
    assert editor.post(url("count_retry", pk=play.pk)).status_code == 302
    assert set(rows.values_list("state", flat=True)) == {State.WAITING}
    rows.update(state=State.DONE, done_at=timezone.now())
    assert "DIP has this count" in editor.get(url("count", pk=play.pk)).content.decode()
