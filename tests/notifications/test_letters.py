"""What the mails say, and that nothing in them can do harm."""

import datetime as dt
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import gettext

from dipportal.contracts import actions
from dipportal.contracts.actions.clock import remind_of_answers
from dipportal.contracts.models import Contract
from dipportal.core import dates
from dipportal.journal.models import Entry
from dipportal.notifications import delivery, letters, recipients, sales, weekly
from dipportal.notifications.actions import one_line
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations import actors, invitations
from dipportal.organisations.models import Organisation, User
from tests.notifications import selling
from tests.world import World

EVIL = 'De <b>Storm</b> & "Zee"\r\nBcc: dief@x.example\n<script>alert(1)</script>'


class Parts(HTMLParser):
    """The elements, the links and the visible text of a mail."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        assert not any(name.startswith("on") for name, _value in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def in_english(world: World) -> None:
    User.objects.update(language="en")
    for person in world.people.values():
        person.language = "en"


def mail_to(address: str, kind: Kind) -> Email:
    return Email.objects.filter(recipient=address, kind=kind).latest("pk")


def test_the_subject_says_first_what_to_do(world: World) -> None:
    in_english(world)
    contract = world.contract(status="proposed")
    with translation.override("en"):
        evening = dates.day(world.performances[0].starts_at)
    proposal = mail_to("editor@de-kade.example", Kind.PROPOSAL)
    assert proposal.subject == f"Answer: partage for De Storm, {evening}, Grote zaal"
    actions.approve(contract, actor=world.actors["kade_editor"])
    answer = mail_to("editor@impresariaat-noord.example", Kind.ANSWER)
    assert answer.subject == f'Approved: partage for De Storm, {evening}, Schouwburg "De Kade", Grote zaal'


def test_a_tour_names_the_first_evening_in_the_subject_and_all_in_the_mail(world: World) -> None:
    in_english(world)
    world.contract(status="proposed", performances=world.performances)
    row = mail_to("editor@de-kade.example", Kind.PROPOSAL)
    assert " and 2 more, Grote zaal" in row.subject
    with translation.override("en"):
        for performance in world.performances:
            assert f"- {dates.moment(performance.starts_at)}, Grote zaal" in row.text
            assert dates.moment(performance.starts_at) in Parts(row.html).words


def test_a_proposal_tells_who_what_where_how_much_and_whom_to_call(world: World) -> None:
    in_english(world)
    contract = world.contract(status="proposed")
    row = mail_to("editor@de-kade.example", Kind.PROPOSAL)
    facts = [
        "Editor Impresariaat Noord of Impresariaat Noord proposes this agreement",
        "De Storm",
        "Producent Storm",
        'Schouwburg "De Kade", Voorbeeldstad',
        contract.reference,
        "80\u00a0%",
        "€\u00a06.500,00",
        "12\u00a0%",
        "€\u00a028,00",
        "Speelduur 90 minuten zonder pauze.",
        "010-0000000",
        "plan@agency.example",
    ]
    words = Parts(row.html).words
    for fact in facts:
        assert fact in row.text
        assert fact in words
    assert f"http://127.0.0.1:8000{contract.url_for(world.kade)}" in row.text
    assert "Guarantee to the receiver" not in row.text, "what is not filled in says nothing"


@pytest.mark.parametrize("kind", ["volume", "buyout", "suppletion", "rent"])
def test_every_type_shows_its_own_money(world: World, kind: str) -> None:
    in_english(world)
    terms: dict[str, Any] = {
        "volume": {"tranches": [{"amount": 500000, "percentage": "60"}, {"amount": 99999999, "percentage": "80"}]},
        "buyout": {"buyout_amount": 425000},
        "suppletion": {"provider_share": 70, "suppletion_amount": 333300, "suppletion_guarantee": 425000},
        "rent": {"rent": 425000, "other_costs": 12300},
    }[kind]
    if kind in ("volume", "suppletion"):
        terms["copyright_percentage"] = 12
    actions.propose(world.contract(kind=kind, terms=terms), actor=world.actors["agency_editor"])
    row = mail_to("editor@de-kade.example", Kind.PROPOSAL)
    shown = {"volume": "5.000,00", "buyout": "4.250,00", "suppletion": "3.333,00", "rent": "123,00"}[kind]
    assert shown in row.text
    assert shown in row.html


def test_a_rejection_shows_the_reason_and_what_was_rejected(world: World) -> None:
    in_english(world)
    contract = world.contract(status="proposed")
    actions.reject(
        contract,
        actor=world.actors["kade_editor"],
        reason="Te hoog.\nEn te laat.",
        rejected_terms=["start_time", "provider_guarantee"],
    )
    row = mail_to("editor@impresariaat-noord.example", Kind.ANSWER)
    assert "Reason:\nTe hoog.\nEn te laat.\n" in row.text
    assert "- Guarantee to the provider: €\u00a06.500,00\n- Start time: 20:15\n" in row.text
    assert "Te hoog.<br>En te laat." in row.html


def test_a_later_version_says_so(world: World) -> None:
    in_english(world)
    following = actions.amend(world.contract(status="rejected"), actor=world.actors["agency_editor"])
    assert "version" not in mail_to("editor@de-kade.example", Kind.PROPOSAL).text.lower()
    actions.propose(following, actor=world.actors["agency_editor"])
    row = mail_to("editor@de-kade.example", Kind.PROPOSAL)
    assert "This is version 2 of the agreement." in row.text
    assert "This is version 2 of the agreement." in row.html


def test_a_withdrawal_tells_no_terms(world: World) -> None:
    contract = world.contract(status="proposed")
    actions.withdraw(contract, actor=world.actors["agency_editor"], reason="Dubbel geboekt")
    row = mail_to("editor@de-kade.example", Kind.WITHDRAWAL)
    assert "Dubbel geboekt" in row.text
    assert "6.500" not in row.text + row.html
    assert contract.url_for(world.kade) not in row.text, "that page is no longer theirs"


def test_the_providers_own_reference_stays_with_the_provider(world: World) -> None:
    world.contract(status="approved", parties={"own_reference": "EIGEN-77"})
    assert "EIGEN-77" not in "".join(f"{row.text}{row.html}" for row in Email.objects.filter(kind=Kind.PROPOSAL))
    assert "EIGEN-77" in mail_to("editor@impresariaat-noord.example", Kind.ANSWER).text


def test_whoever_has_no_account_learns_how_to_get_in(world: World) -> None:
    contract = world.contract(status="proposed")
    event = Entry.objects.get(code="contract.proposed")
    contact, member, _manager = recipients.receivers(contract, event)
    deal = letters.Deal.of(contract, event)
    for reader, has_account in ((contact, False), (member, True)):
        shown = letters.letter(Kind.PROPOSAL, deal, reader)
        assert shown["button"]["url"] == f"http://127.0.0.1:8000{contract.url_for(world.kade)}"
        assert bool(shown["no_access"]) is not has_account
        assert bool(shown["preferences"]) is has_account


def test_a_theater_that_is_not_in_the_portal_is_sent_to_dip(world: World, settings: Any) -> None:
    world.theater.receiver = None
    world.theater.save()
    world.contract(status="proposed")
    row = mail_to("programmering@kade.example", Kind.PROPOSAL)
    assert settings.DIP_DASHBOARD_URL in Parts(row.html).links
    assert "/afnemer/" not in row.text


@pytest.mark.parametrize(("kind", "action", "words"), [
    ("answers", "Two answers", "answered differently here and in DIP"),
    ("terms", "Other terms in DIP", "has other terms than here"),
])  # fmt: skip
def test_a_conflict_says_what_it_is_about(world: World, kind: str, action: str, words: str) -> None:
    in_english(world)
    contract = world.contract(status="proposed")
    actions.flag_conflict(contract, text="Garantie: hier 6.500, in DIP 6.000", kind=kind, actor=actors.pull())
    row = mail_to("editor@de-kade.example", Kind.CONFLICT)
    assert row.subject.startswith(f"{action}: partage for De Storm")
    assert words in row.text
    assert ("answer" in row.text.lower().split("de storm")[0]) == (kind == "answers")
    entry = Entry.objects.get(code="contract.conflict")
    with translation.override("en"):
        assert str(entry.label).startswith({"answers": "Answered differently", "terms": "Other terms"}[kind])


def test_who_is_not_in_the_portal_is_asked_to_answer_in_dip_for_a_proposal_only(world: World) -> None:
    world.theater.receiver = None
    world.theater.save()
    contract = world.contract(status="proposed")
    actions.flag_conflict(contract, text="Garantie", kind="terms", actor=actors.pull())
    for kind, asked in ((Kind.PROPOSAL, True), (Kind.CONFLICT, False)):
        with translation.override("nl"):
            assert (gettext("Answer in DIP") in mail_to("programmering@kade.example", kind).text) is asked


# --- nothing in them does harm --------------------------------------------------------------------------------


def everything(world: World) -> None:
    """One mail of every kind."""
    rejected = world.contract(status="rejected", parties={"contact_receiver": "a@x.example"})
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    actions.propose(following, actor=world.actors["agency_editor"])
    actions.approve(following, actor=world.actors["kade_editor"], note="Tot dan")
    actions.flag_conflict(following, text="In DIP afgekeurd", actor=actors.pull())
    actions.withdraw(world.contract(status="proposed"), actor=world.actors["agency_editor"])
    actions.propose(world.contract(), actor=actors.pull())
    later_rounds(world)
    weekly.write_for(world.theater.pk, timezone.now(), at_once=True)
    selling.subscribed(world.agency)
    sales.write_due(selling.due_at())
    invitations.invite(world.kade, "nieuw@kade.example", "editor", "nl", actor=world.actors["kade_manager"])
    Client().post("/account/password/reset/", {"email": "editor@de-kade.example"})
    assert set(Email.objects.values_list("kind", flat=True)) == set(Kind.values)


def later_rounds(world: World) -> None:
    """Adapted proposals, what is written down on behalf, what is taken back, last days, and two people."""
    agency, kade = world.actors["agency_editor"], world.actors["kade_editor"]
    terms = {"provider_guarantee": 500000, "remarks": EVIL}
    actions.retract(actions.counter(world.contract(status="proposed"), actor=kade, terms=terms), actor=kade)
    counter = actions.counter(world.contract(status="proposed"), actor=kade, terms=terms, remark=EVIL)
    actions.undo(actions.decline(counter, actor=agency, reason=EVIL), actor=agency)
    revision = actions.revise(actions.adopt(counter, actor=agency), actor=agency)
    actions.propose(revision, actor=agency, answer_by=timezone.localdate())
    actions.extend(revision, answer_by=timezone.localdate() + dt.timedelta(days=2), actor=agency)
    remind_of_answers()
    remind_of_answers(timezone.localdate() + dt.timedelta(days=3))
    Organisation.objects.filter(pk=world.kade.pk).update(four_eyes=True)
    actions.approve(revision, actor=world.actors["kade_manager"])
    actions.approve(revision, actor=agency, source="telephone", note=EVIL)


def test_a_title_is_text_wherever_it_stands(world: World) -> None:
    world.production.title = EVIL
    world.production.save()
    world.agency.name = '<i>Noord</i> & "Zoon"\nX-Evil: 1'
    world.agency.save()
    world.hall.name = "<u>Zaal</u>\r\nTo: x@x.example"
    world.hall.save()
    everything(world)
    for row in Email.objects.all():
        parts = Parts(row.html)
        assert not parts.tags & {"b", "i", "u", "script", "img", "iframe", "form", "style", "link"}
        assert "\n" not in row.subject
        assert "\r" not in row.subject
        if row.event:
            assert '<b>Storm</b> & "Zee"' in row.text
            assert '<b>Storm</b> & "Zee"' in parts.words
            assert "&amp;" not in row.text
            assert html.escape("<b>Storm</b>") in row.html
        sent = delivery.message(row).message()
        assert set(sent.keys()) <= {
            *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID"),
            *("Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To", "References"),
            *(("List-Unsubscribe",) if row.kind in (Kind.COUNTS, Kind.SALES) else ()),
            *(("List-Unsubscribe-Post",) if row.kind == Kind.SALES else ()),
        }
        assert len(sent.get_all("To")) == 1
        assert b"\nBcc:" not in sent.as_bytes().split(b"\n\n")[0]


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("De\r\nStorm", "De Storm"),
        ("De\x00St\x1borm", "De St orm"),
        ("De \u202eStorm\u2028Zee", "De Storm Zee"),
        ("x" * 300, "x" * 249 + "…"),
        ("Één café", "Één café"),
    ],
)
def test_a_subject_is_one_line_that_reads_as_it_stands(title: str, subject: str) -> None:
    assert one_line(title) == subject


def test_links_lead_to_us_or_to_dip_and_carry_no_secret_but_that_of_an_account(world: World, settings: Any) -> None:
    everything(world)
    for row in Email.objects.all():
        for link in Parts(row.html).links:
            assert link.startswith(settings.PUBLIC_URL + "/"), link
            if not row.secret:
                assert not urlsplit(link).query
                assert re.fullmatch(
                    r"/(aanbieder|afnemer)/[a-z-]+/(afspraken/\d+/)?|/account/voorkeuren/"
                    r"|/afnemer/[a-z-]+/kaartstanden/(\d+/|instellingen/)?",
                    urlsplit(link).path,
                )


def test_a_neighbour_is_in_none_of_our_mails(world: World) -> None:
    world.rival_contract(status="rejected", remarks="MARKER")
    theirs = set(Email.objects.values_list("pk", flat=True))
    assert theirs
    everything(world)
    for row in Email.objects.exclude(pk__in=theirs):
        assert not re.search(r"MARKER|Windstil|Zuid|Haven", f"{row.subject}{row.text}{row.html}")


SESSIONS = {"sessions.session", "usersessions.usersession"}


def digest() -> dict[str, str]:
    """Every table but those of the log-in itself."""
    return {
        model._meta.label_lower: hashlib.sha256(
            json.dumps(serializers.serialize("python", model._default_manager.order_by("pk")), default=str).encode()
        ).hexdigest()
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label_lower not in SESSIONS
    }


def test_opening_every_link_three_times_changes_nothing(world: World) -> None:
    """Mail scanners open every link, with and without a session."""
    everything(world)
    links = {
        (row.recipient, link) for row in Email.objects.all() for link in re.findall(r"https?://[^\s\"<]+", row.text)
    }
    assert len({urlsplit(link).path for _reader, link in links}) > 8
    reached = 0
    for address, link in sorted(links):
        user = User.objects.filter(email=address).first()
        signed_in = Client(raise_request_exception=True)
        if user:
            signed_in.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        before = digest()
        for client in (Client(), signed_in):
            for _turn in range(3):
                page = client.get(urlsplit(link).path, follow=True)
                assert page.status_code in {200, 404}, (link, page.status_code)
                reached += page.status_code == 200
        assert digest() == before, link
    assert reached > len(links) * 3


def test_the_digest_sees_a_change(world: World) -> None:
    contract = world.contract(status="proposed")
    before = digest()
    Contract.objects.filter(pk=contract.pk).update(remarks="Anders")
    assert digest() != before
