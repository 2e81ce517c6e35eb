"""What the weekly mail about missing counts says, and that nothing in it can do harm."""

import datetime as dt
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.core import dates
from dipportal.notifications import count_letters, delivery, weekly
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations.models import Organisation, User
from tests.notifications.owing import owe
from tests.notifications.test_letters import EVIL, Parts, digest
from tests.world import World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def written(world: World, *, english: bool = True) -> Email:
    """The mail of this week to an editor of De Kade."""
    if english:
        User.objects.update(language="en")
    owe(world, timezone.now())
    Performance.objects.filter(pk=world.performances[0].pk).update(starts_at=timezone.now() - dt.timedelta(minutes=1))
    weekly.write_for(world.theater.pk, timezone.now(), at_once=True)
    return Email.objects.get(kind=Kind.COUNTS, recipient="editor@de-kade.example")


def test_the_subject_says_first_what_to_do_and_how_often(world: World) -> None:
    assert written(world).subject == 'Enter: ticket counts of 3 performances, Schouwburg "De Kade"'


def test_one_performance_is_one(world: World) -> None:
    Performance.objects.filter(pk__in=[one.pk for one in world.performances[1:]]).delete()
    world.performances = world.performances[:1] * 3
    row = written(world)
    assert row.subject == 'Enter: ticket count of 1 performance, Schouwburg "De Kade"'
    assert "of 1 performance in" in row.text


def test_each_performance_stands_there_with_its_own_page(world: World, settings: Any) -> None:
    row = written(world)
    words = Parts(row.html).words
    for one in Performance.objects.filter(theater=world.theater).select_related("production"):
        address = settings.PUBLIC_URL + reverse("receivers:count", kwargs={"organisation": "de-kade", "pk": one.pk})
        assert address.endswith(f"/afnemer/de-kade/kaartstanden/{one.pk}/")
        assert Parts(row.html).links.count(address) == 1
        assert row.text.count(f"\n{address}\n") == 1
        with translation.override("en"):
            facts = ("De Storm", dates.moment(one.starts_at), "Grote zaal", f"NL-25-123-0003776|{one.number}")
        for fact in facts:
            assert fact in row.text
            assert fact in words


def test_what_was_played_stands_apart_from_what_comes(world: World) -> None:
    text = written(world).text
    played, coming = text.index("Already played:"), text.index("Coming:")
    numbers = [text.index(str(one.number)) for one in world.performances]
    assert played < numbers[0] < coming < numbers[1] < numbers[2]


def test_where_nothing_was_played_there_is_no_heading_for_it(world: World) -> None:
    User.objects.update(language="en")
    weekly.write_for(world.theater.pk, timezone.now(), at_once=True)
    row = Email.objects.get(recipient="editor@de-kade.example")
    assert "Coming" in row.text
    assert "Already played" not in row.text + row.html


def test_each_reads_it_in_their_own_language(world: World) -> None:
    User.objects.filter(email="editor@de-kade.example").update(language="en")
    english = written(world, english=False)
    dutch = Email.objects.get(recipient="manager@de-kade.example")
    assert (english.language, dutch.language) == ("en", "nl")
    assert 'lang="nl"' in dutch.html
    with translation.override("nl"):
        assert dates.moment(Performance.objects.get(pk=world.performances[1].pk).starts_at) in dutch.text


def test_a_hundred_are_listed_and_the_rest_stands_in_the_list(world: World, settings: Any) -> None:
    Performance.objects.bulk_create(
        Performance(
            number=60_000_000 + n, production=world.production, theater=world.theater, hall=world.hall,
            starts_at=timezone.now() + dt.timedelta(days=12, minutes=n),
        )
        for n in range(120)
    )  # fmt: skip
    row = written(world)
    assert "of 123 performances" in row.subject
    pages = re.findall(r"/kaartstanden/\d+/", row.text)
    assert len(pages) == len(set(pages)) == count_letters.MOST_LISTED
    assert len(re.findall(r"/kaartstanden/\d+/", row.html)) == count_letters.MOST_LISTED
    whole = f"{settings.PUBLIC_URL}/afnemer/de-kade/kaartstanden/"
    assert f"And 23 performances more:\n{whole}\n" in row.text
    assert "And 23 performances more:" in " ".join(Parts(row.html).words.split())
    assert Parts(row.html).links.count(whole) == 2
    assert len(row.html.encode()) < 80_000, "some programs hide what comes after 100 kB"


def test_it_says_why_it_comes_and_where_to_stop_it(world: World, settings: Any) -> None:
    row = written(world)
    for page in ("/afnemer/de-kade/kaartstanden/instellingen/", "/account/voorkeuren/"):
        assert f" {settings.PUBLIC_URL}{page}\n" in row.text
        assert settings.PUBLIC_URL + page in Parts(row.html).links
    assert 'You get this because you work for Schouwburg "De Kade".' in row.text
    sent = delivery.message(row).message()
    assert sent["List-Unsubscribe"] == f"<{settings.PUBLIC_URL}/account/voorkeuren/>"
    assert "List-Unsubscribe-Post" not in sent, "no program may act without a person"
    assert sent["Auto-Submitted"] == "auto-generated"


def test_a_mail_about_an_agreement_has_no_such_header(world: World) -> None:
    world.contract(status="proposed")
    assert not [row for row in Email.objects.all() if "List-Unsubscribe" in row.headers]


def test_whoever_turns_it_off_on_that_page_gets_no_more(world: World) -> None:
    row = written(world)
    client = Client()
    client.force_login(world.people["kade_editor"], backend=BACKEND)
    page = client.get(urlsplit(row.headers["List-Unsubscribe"].strip("<>")).path)
    form = page.context["form"]
    assert form.initial["mail_counts"] is True
    client.post(page.wsgi_request.path, {"name": "E", "language": "en", "mail_proposals": "on", "mail_answers": "on"})
    assert not User.objects.get(email=row.recipient).mail_counts
    weekly.write_for(world.theater.pk, timezone.now() + dt.timedelta(weeks=1), at_once=True)
    assert Email.objects.filter(recipient=row.recipient).count() == 1


def test_nobody_elses_name_or_address_stands_in_it(world: World) -> None:
    world.contract(status="approved")
    row = written(world)
    whole = f"{row.subject}{row.text}{row.html}"
    for person in world.people.values():
        assert person.email not in whole
    assert not re.search(r"@[a-z-]+\.example|010-0000000", whole)


# --- nothing in it does harm --------------------------------------------------------------------------------------
@pytest.mark.parametrize("title", [EVIL, "x" * 300, "Één\u202e café\x01\u2028- https://dief.example/"])
def test_a_title_is_one_line_of_text_wherever_it_stands(world: World, title: str, settings: Any) -> None:
    Production.objects.update(title=title[:300])
    Theater.objects.update(name=title[:300])
    Hall.objects.update(name=title[:300])
    Organisation.objects.update(name=title[:200])
    row = written(world)
    parts = Parts(row.html)
    assert not parts.tags & {"b", "i", "u", "script", "img", "iframe", "form", "style", "link"}
    assert all(link.startswith(settings.PUBLIC_URL + "/") for link in parts.links)
    assert not any(line.startswith(("Bcc", "<script", "https://dief")) for line in row.text.splitlines())
    assert "&amp;" not in row.text
    assert max(map(len, row.text.splitlines())) < 400
    assert "\n" not in row.subject
    assert len(row.subject) <= 250
    sent = delivery.message(row).message()
    assert len(sent.get_all("To")) == 1
    assert "Bcc" not in sent


def test_the_neighbours_performances_stand_in_none_of_ours(world: World) -> None:
    """Everything of the neighbour carries a marker, also what is played in its house by our provider."""
    Production.objects.filter(pk=world.rival_production.pk).update(title="MARKER-titel")
    Theater.objects.filter(pk=world.other_theater.pk).update(name="MARKER-huis")
    Hall.objects.filter(pk=world.other_hall.pk).update(name="MARKER-zaal")
    Organisation.objects.filter(pk=world.haven.pk).update(name="MARKER-naam", slug="marker-adres")
    there = Performance.objects.create(
        number=4242424242, production=world.production, theater=world.other_theater, hall=world.other_hall,
        starts_at=timezone.now() + dt.timedelta(days=3),
    )  # fmt: skip
    owe(world, timezone.now())
    weekly.write_due(timezone.now())
    for theater in (world.theater, world.other_theater):
        weekly.write_for(theater.pk, timezone.now(), at_once=True)
    ours = Email.objects.filter(organisation=world.kade)
    theirs = Email.objects.filter(organisation=world.haven)
    assert (len(ours), len(theirs)) == (2, 2)
    hidden = rf"(?i)marker|{there.number}|{world.rival_performance.number}|kaartstanden/{there.pk}/"
    for row in ours:
        assert not re.search(hidden, f"{row.subject}{row.text}{row.html}")
    for row in theirs:
        assert len(set(re.findall(hidden, f"{row.subject}{row.text}{row.html}"))) >= 4, "they do stand in their own"
        assert str(world.performances[0].number) not in row.text


def test_opening_every_link_three_times_changes_nothing(world: World) -> None:
    row = written(world)
    links = {*re.findall(r"https?://[^\s\"<]+", row.text), *Parts(row.html).links}
    links.add(row.headers["List-Unsubscribe"].strip("<>"))
    assert len(links) == 6
    member = Client()
    member.force_login(world.people["kade_editor"], backend=BACKEND)
    before = digest()
    for link in sorted(links):
        for client in (Client(), member):
            for _turn in range(3):
                assert client.get(urlsplit(link).path, follow=True).status_code == 200, link
    assert digest() == before


def test_the_button_leads_to_the_page_on_which_the_count_is_entered(world: World) -> None:
    row = written(world)
    member = Client()
    member.force_login(world.people["kade_editor"], backend=BACKEND)
    for one in world.performances:
        page = member.get(f"/afnemer/de-kade/kaartstanden/{one.pk}/")
        assert page.status_code == 200
        assert f"{one.number}" in page.content.decode()
        assert page.wsgi_request.path in row.text
