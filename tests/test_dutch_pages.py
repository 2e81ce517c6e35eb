"""Every page that a person can reach is in one language: no English sentence in Dutch, no Dutch one in English."""

import re
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from dipportal.organisations import invitations
from dipportal.organisations.models import Organisation, User
from tests.access.crawl import crawl
from tests.world import PASSWORD, World

LOCALE = Path(__file__).resolve().parent.parent / "locale"
CATALOGUES = [LOCALE / "nl", LOCALE / "accounts" / "nl"]
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|\{[a-z_]*\}")
SHOWN_ATTRIBUTES = ("aria-label", "title", "placeholder", "alt")
UNSEEN = ("script", "style")
# What people type into a search box to find something, and to find nothing.
WORDS = ("storm", "qqqq")
# A text of the catalogue, its longest piece without a place to fill in, and where it occurs with something filled in.
Sentence = tuple[str, str, re.Pattern[str]]


class Visible(HTMLParser):
    """What a person reads or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self.parts += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def visible(page: str) -> str:
    parser = Visible()
    parser.feed(page)
    return " ".join(" ".join(parser.parts).split())


def sentences(*, english: bool, least: int) -> list[Sentence]:
    """The texts of one language with at least so many words, where the two languages differ."""
    found = []
    for folder in CATALOGUES:
        for entry in polib.pofile(str(folder / "LC_MESSAGES" / "django.po")):
            pairs = [(entry.msgid, entry.msgstr or entry.msgstr_plural.get(0, ""))]
            if entry.msgid_plural:
                pairs.append((entry.msgid_plural, entry.msgstr_plural[1]))
            for source, dutch in pairs:
                text = source if english else dutch
                if source != dutch and len(PLACEHOLDER.sub(" ", text).split()) >= least:
                    found.append(sentence(text))
    return found


def sentence(text: str) -> Sentence:
    parts = [" ".join(part.split()) for part in PLACEHOLDER.split(text)]
    anywhere = r"(?<!\w)" + ".{1,120}?".join(" ?" + re.escape(part) + " ?" for part in parts) + r"(?!\w)"
    return text, max(parts, key=len), re.compile(anywhere)


def people(world: World, language: str) -> None:
    """Something of every kind on the pages, made by people who read this language."""
    User.objects.update(language=language)
    for person in world.people.values():
        person.language = language
    performances = iter(world.performances)
    for status in ("proposed", "approved", "rejected"):
        world.contract(status=status, performances=[next(performances)])
    world.contract(performances=[world.performances[0]])
    for name in ("agency", "kade"):
        organisation, manager = getattr(world, name), world.actors[f"{name}_manager"]
        invitations.invite(organisation, f"nieuw@{name}.example", "viewer", language, actor=manager)


def client_of(world: World, name: str) -> Client:
    """Signed in through the page, so that the account's pages do not ask for the password again."""
    client = Client()
    # The log-in page knows the language of the browser only, and it greets.
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = world.people[name].language
    client.post(reverse("account_login"), {"login": world.people[name].email, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def pages_of(world: World, own: str) -> dict[str, str]:
    organisation: Organisation = getattr(world, own)
    client = client_of(world, f"{own}_manager")
    pages = crawl(client, organisation.home_url, words=WORDS)
    assert len(pages) > 40
    for name in (
        "preferences",
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_activate_totp",
        "usersessions_list",
    ):
        pages[name] = client.get(reverse(name)).content.decode()
    pages["404"] = client.get(f"{organisation.home_url}bestaat-niet/").content.decode()
    return pages


def read(pages: dict[str, str], wrong: list[Sentence]) -> dict[str, list[str]]:
    """address → the texts that should not be there."""
    found = {}
    for url, page in pages.items():
        text = visible(page)
        hits = [whole for whole, part, wanted in wrong if part in text and wanted.search(text)]
        if hits:
            found[url] = hits
    return found


@pytest.mark.parametrize("own", ["agency", "kade"])
def test_in_dutch_no_english_is_left(world: World, own: str) -> None:
    people(world, "nl")
    english = sentences(english=True, least=2)
    assert len(english) > 700
    assert read(pages_of(world, own), english) == {}


@pytest.mark.parametrize("own", ["agency", "kade"])
def test_in_english_no_dutch_comes_up(world: World, own: str) -> None:
    with translation.override("en"):
        people(world, "en")
    dutch = sentences(english=False, least=3)
    assert len(dutch) > 500
    assert read(pages_of(world, own), dutch) == {}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_refused_form_speaks_one_language(world: World, language: str) -> None:
    with translation.override(language):
        people(world, language)
    agency, kade = client_of(world, "agency_manager"), client_of(world, "kade_manager")
    proposal = world.contract(status="proposed", performances=[world.performances[2]])
    here, there = {"organisation": world.agency.slug}, {"organisation": world.kade.slug}
    replies = {
        "production": agency.post(reverse("providers:production_new", kwargs=here), {}),
        "invitation": agency.post(reverse("providers:invite", kwargs=here), {"email": "geen adres"}),
        "connection": agency.post(reverse("providers:dip_connection", kwargs=here), {}),
        "rejection": kade.post(reverse("receivers:reject", kwargs={**there, "pk": proposal.pk}), {"version": 1}),
        "password": kade.post(reverse("account_change_password"), {"password1": "kort", "password2": "anders"}),
    }
    assert {name: reply.status_code for name, reply in replies.items()} == dict.fromkeys(replies, 200)
    pages = {name: reply.content.decode() for name, reply in replies.items()}
    wrong = sentences(english=language == "nl", least=2 if language == "nl" else 3)
    assert read(pages, wrong) == {}
