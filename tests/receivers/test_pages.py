"""The receiver's pages: what they show, and what each answer does."""

import re
from html import unescape

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.changes import LATELY
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.dip.models import RemoteRecord
from dipportal.journal.models import Entry
from dipportal.receivers import start
from tests.access.plain import plain
from tests.receivers.test_answers import acts
from tests.world import PASSWORD, World, evening


def url(name: str, **kwargs: object) -> str:
    return reverse(f"receivers:{name}", kwargs={"organisation": "de-kade", **kwargs})


@pytest.fixture
def editor(world: World, client: Client) -> Client:
    client.force_login(world.people["kade_editor"])
    return client


def test_the_answer_page_names_what_is_proposed_and_by_whom(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    page = editor.get(url("contract", pk=contract.pk))
    assert page.status_code == 200
    text = page.content.decode()
    amounts = ("€\xa06.500,00", "80\xa0%", "20\xa0%")
    for piece in (
        "De Storm",
        "Impresariaat Noord",
        "11484906",
        'data-action="approve"',
        'data-action="reject"',
        *amounts,
    ):
        assert piece in text, piece
    assert world.people["agency_editor"].name in text


def test_approving_with_a_note(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    answer = {"version": contract.version, "note": "Graag de techniek bellen."}
    reply = editor.post(url("approve", pk=contract.pk), answer)
    assert (reply.status_code, reply.url) == (302, url("contract", pk=contract.pk))  # type: ignore[attr-defined]
    contract.refresh_from_db()
    assert (contract.status, contract.answer_note) == (Status.APPROVED, "Graag de techniek bellen.")
    assert "Graag de techniek bellen." in editor.get(url("contract", pk=contract.pk)).content.decode()


def test_rejecting_with_a_reason_and_ticked_terms(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    answer = {
        "version": contract.version,
        "reason": "Te hoge garantie.",
        "rejected_terms": ["provider_guarantee", "start_time"],
    }
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302
    contract.refresh_from_db()
    assert (contract.status, contract.rejection_reason) == (Status.REJECTED, "Te hoge garantie.")
    assert contract.rejected_terms == ["provider_guarantee", "start_time"]


@pytest.mark.parametrize(
    "answer",
    [{"reason": ""}, {"reason": "  "}, {"reason": "Nee", "rejected_terms": ["buyout_amount"]}],
    ids=["no reason", "blank reason", "a term of another type"],
)
def test_a_rejection_that_is_not_complete_changes_nothing(
    world: World, editor: Client, answer: dict[str, object]
) -> None:
    contract = world.contract(status="proposed")
    page = editor.post(url("reject", pk=contract.pk), {"version": contract.version, **answer})
    assert page.status_code == 200
    assert page.context["reject_form"].errors
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


@pytest.mark.parametrize("second", ["approve", "reject"])
def test_a_second_answer_hears_who_was_first(world: World, editor: Client, second: str) -> None:
    contract = world.contract(status="proposed")
    seen = contract.version
    actions.approve(contract, actor=world.actors["kade_manager"])
    page = editor.post(url(second, pk=contract.pk), {"version": seen, "reason": "Nee"})
    assert page.status_code == 409
    assert world.people["kade_manager"].name in unescape(page.content.decode())
    contract.refresh_from_db()
    assert (contract.status, contract.answered_by) == (Status.APPROVED, world.people["kade_manager"])


def test_an_answer_to_terms_that_were_replaced_is_refused(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    seen = contract.version
    agency = world.actors["agency_editor"]
    actions.withdraw(contract, actor=agency)
    actions.update_concept(contract, actor=agency, seen_version=contract.version, terms={"provider_guarantee": 900000})
    actions.propose(contract, actor=agency)
    assert editor.post(url("approve", pk=contract.pk), {"version": seen}).status_code == 409
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_opening_an_answer_s_address_changes_nothing(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    for name in ("approve", "reject"):
        assert editor.get(url(name, pk=contract.pk)).url == url("contract", pk=contract.pk)  # type: ignore[attr-defined]
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_a_viewer_reads_and_has_no_buttons(world: World, client: Client) -> None:
    contract = world.contract(status="proposed")
    client.force_login(world.people["kade_viewer"])
    page = client.get(url("contract", pk=contract.pk))
    assert acts(page) == set()
    assert f"/afspraken/{contract.pk}/goedkeuren/" not in page.content.decode()
    assert client.post(url("approve", pk=contract.pk), {"version": contract.version}).status_code == 403


def next_version(world: World, contract: Contract, *, proposed: bool) -> Contract:
    following = actions.amend(contract, actor=world.actors["agency_editor"])
    actions.update_concept(
        following, actor=world.actors["agency_editor"], seen_version=following.version, terms={"provider_share": 75}
    )
    return world.bring(following, "proposed" if proposed else "concept")


def test_the_next_version_shows_what_changed(world: World, editor: Client) -> None:
    following = next_version(world, world.contract(status="rejected"), proposed=True)
    page = editor.get(url("contract", pk=following.pk))
    changed = [row.term.name for group in page.context["groups"] for row in group.shown if row.changed]
    assert changed == ["provider_share"]
    assert [version.contract.number for version in page.context["versions"]] == [1, 2]


def test_a_next_version_that_is_still_a_concept_shows_nowhere(world: World, editor: Client) -> None:
    rejected = world.contract(status="rejected")
    pages = (url("contracts"), url("contract", pk=rejected.pk), url("start"), url("search") + "?q=storm")
    before = [plain(editor.get(page).content) for page in pages]
    hidden = next_version(world, rejected, proposed=False)
    assert before == [plain(editor.get(page).content) for page in pages]
    assert editor.get(url("contract", pk=hidden.pk)).status_code == 404


def test_a_proposal_taken_back_leaves_no_line(world: World, editor: Client) -> None:
    rejected = world.contract(status="rejected")
    following = next_version(world, rejected, proposed=True)
    actions.withdraw(following, actor=world.actors["agency_editor"])
    page = editor.get(url("contract", pk=rejected.pk))
    assert [entry.code for entry in page.context["history"]] == ["contract.rejected", "contract.proposed"]


def test_the_menu_counts_what_waits(world: World, editor: Client) -> None:
    world.contract(status="proposed")
    world.rival_contract(status="proposed")
    page = editor.get(url("start"))
    assert {item.url: item.count for item in page.context["navigation"]}[url("contracts")] == 1
    assert len(page.context["waiting"]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 1), ("status=proposed", 1), ("status=approved", 0), ("type=rent", 0), ("q=storm", 1), ("q=11484906", 1),
     ("q=0003776|1148", 1), ("q=windstilte", 0), ("q=geheim", 0), ("since=2000-01-01", 1), ("until=2000-01-01", 0),
     ("order=-provider", 1), ("order=nonsense&page=99", 1)],
)  # fmt: skip
def test_the_list_of_agreements_filters(world: World, editor: Client, query: str, found: int) -> None:
    world.contract(status="proposed", parties={"own_reference": "geheim"})
    world.rival_contract(status="proposed")
    page = editor.get(f"{url('contracts')}?{query}")
    assert page.status_code == 200
    assert len(page.context["list"].page.object_list) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [("", 3), ("when=past", 0), ("agreement=proposed", 1), ("agreement=none", 2), ("q=11484907", 1),
     ("q=NL-25-123-0003776|", 3), ("q=windstilte", 0), ("order=-production", 3)],
)  # fmt: skip
def test_the_list_of_performances_filters(world: World, editor: Client, query: str, found: int) -> None:
    world.contract(status="proposed")
    world.rival_contract(status="proposed")
    page = editor.get(f"{url('performances')}?{query}")
    assert page.status_code == 200
    assert len(page.context["list"].page.object_list) == found


@pytest.mark.parametrize("page", ["contracts", "performances"])
@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31"])
def test_a_date_at_the_end_of_time_is_refused_in_words(world: World, editor: Client, page: str, query: str) -> None:
    answer = editor.get(f"{url(page)}?{query}")
    assert answer.status_code == 200
    assert set(answer.context["filter"].form.errors) == {query[:5]}


def test_a_house_with_only_past_performances_is_led_to_them(world: World, editor: Client) -> None:
    """Nothing was chosen, so 'clear the filter' would lead to the same empty page."""
    Performance.objects.filter(theater=world.theater).update(starts_at=evening(-30))
    editor.cookies["dipportal_language"] = "en"
    for query in ("", "?when=coming", "?q=&agreement=&order=-date"):
        text = editor.get(url("performances") + query).content.decode()
        assert ("No coming performances" in text, "Clear the filter" in text) == (True, False), query
        assert 'href="?when=past"' in text
    assert len(editor.get(url("performances"), {"when": "past"}).context["list"].page.object_list) == 3
    # Something else was chosen: that can be cleared.
    for query in ("?q=storm", "?when=past&q=niets"):
        text = editor.get(url("performances") + query).content.decode()
        assert ("No coming performances" in text, "Clear the filter" in text) == (False, True), query


def test_what_dip_removed_is_marked_and_no_longer_coming(world: World, editor: Client) -> None:
    first = world.performances[0]
    contract = world.contract(status="proposed")
    editor.cookies["dipportal_language"] = "en"
    pages = (url("performances"), url("contract", pk=contract.pk), url("search") + "?q=11484906")
    assert [editor.get(page).content.decode().count("no longer in DIP") for page in pages] == [0, 0, 0]
    Performance.objects.filter(pk=first.pk).update(missing_since=timezone.now())
    assert [editor.get(page).content.decode().count("no longer in DIP") for page in pages] == [1, 1, 1]
    assert list(editor.get(url("start")).context["coming"]) == world.performances[1:]


def test_search_finds_by_a_part_of_the_dip_id(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    world.rival_contract(status="proposed")
    page = editor.get(url("search"), {"q": "NL-25-123-0003776|11484906"})
    assert page.context["contracts"] == [contract]
    assert page.context["performances"] == [world.performances[0]]
    assert not editor.get(url("search"), {"q": "NL-25-777"}).context["contracts"]


def test_pages_of_an_empty_house(world: World, client: Client) -> None:
    world.theater.receiver = None
    world.theater.save()
    client.force_login(world.people["kade_viewer"])
    for name in ("start", "contracts", "performances", "search", "organisation"):
        assert client.get(url(name)).status_code == 200, name


def test_logging_in_brings_to_the_own_start_page(world: World, client: Client) -> None:
    reply = client.post(
        reverse("account_login"), {"login": world.people["kade_editor"].email, "password": PASSWORD}, follow=True
    )
    assert reply.redirect_chain[-1][0] == url("start")


def test_the_fault_stands_at_the_top_and_beside_the_field(world: World, editor: Client) -> None:
    contract = world.contract(status="proposed")
    page = editor.post(url("reject", pk=contract.pk), {"version": contract.version, "rejected_terms": ["remarks"]})
    text = page.content.decode()
    assert text.index("data-error-summary") < text.index('id="answer"') < text.index('id="reject_reason_error"')
    assert text.count("data-error-summary") == 1
    assert re.search(r'value="remarks"[^>]*checked', text), "what was ticked stays ticked"


def test_dip_that_still_says_proposed_is_told(world: World, editor: Client) -> None:
    contract = world.contract(status="approved")
    Contract.objects.filter(pk=contract.pk).update(dip_id=77)
    seen = RemoteRecord.objects.create(organisation=world.agency, kind="contract", remote_id="77", status="proposed")
    assert editor.get(url("contract", pk=contract.pk)).context["dip_is_behind"]
    RemoteRecord.objects.filter(pk=seen.pk).update(status="approved")
    assert not editor.get(url("contract", pk=contract.pk)).context["dip_is_behind"]


def test_a_conflict_is_told_with_both_answers(world: World, editor: Client) -> None:
    contract = world.contract(status="approved")
    actions.flag_conflict(contract, text="DIP zegt: afgekeurd.", actor=world.actors["agency_editor"])
    assert "DIP zegt: afgekeurd." in editor.get(url("contract", pk=contract.pk)).content.decode()


def test_moves_and_cancellations_show_on_the_start_page_once(world: World, editor: Client) -> None:
    moved, cancelled = world.performances[:2]
    agency = world.actors["agency_editor"]
    was = moved.starts_at
    values = {"theater": world.theater, "hall": world.hall, "starts_at": evening(77)}
    catalogue.update_performance(moved, values=values, seen_version=1, actor=agency)
    catalogue.cancel_performance(cancelled, actor=agency, reason="Alleen voor ons")
    page = editor.get(url("start"))
    assert [change.performance for change in page.context["changes"]] == [cancelled, moved]
    assert page.context["changes"][1].was_at == was
    assert "Alleen voor ons" not in page.content.decode()
    neighbour = Client()
    neighbour.force_login(world.people["haven_editor"])
    assert neighbour.get(world.haven.home_url).context["changes"] == []


def test_the_start_page_costs_eight_queries_at_most(world: World, editor: Client) -> None:
    """With something in each of its parts."""
    agency = world.actors["agency_editor"]
    world.contract(status="proposed")
    actions.counter(
        world.contract(status="proposed"), actor=world.actors["kade_editor"], terms={"provider_guarantee": 1}
    )
    catalogue.cancel_performance(world.performances[2], actor=agency, reason="Ziek")
    editor.get(url("start"))
    with CaptureQueriesContext(connection) as queries:
        page = editor.get(url("start"))
    assert [len(page.context[name]) for name in ("waiting", "counters", "changes", "coming")] == [1, 1, 1, 2]
    assert {item.url: item.count for item in page.context["navigation"]}[url("contracts")] == 1
    assert len(queries) <= 8


def test_what_the_start_page_keeps_to_ask_is_each_house_s_own(world: World) -> None:
    ours, theirs = world.contract(status="proposed"), world.rival_contract(status="proposed")
    for _twice in range(2):
        assert [row.pk for row in start.of(world.kade).waiting] == [ours.pk]
        assert [row.pk for row in start.of(world.haven).waiting] == [theirs.pk]
    assert {row.theater_id for row in start.of(world.kade).coming} == {world.theater.pk}
    was = start.of(world.kade).coming
    Performance.objects.filter(pk=was[0].pk).update(starts_at=timezone.now())
    assert start.of(world.kade).coming == was[1:]


def test_the_newest_changes_come_first_whatever_they_are(world: World) -> None:
    """Each kind is read by itself; a change of more than thirty days ago is told no more."""
    agency = world.actors["agency_editor"]
    first, second, third = world.performances
    for number, one in enumerate((first, second)):
        values = {"theater": world.theater, "hall": world.hall, "starts_at": evening(77 + number)}
        catalogue.update_performance(one, values=values, seen_version=1, actor=agency)
    catalogue.cancel_performance(third, actor=agency)
    catalogue.cancel_performance(first, actor=agency)
    assert [change.performance for change in start.of(world.kade).changes] == [first, third, second]
    assert start.of(world.kade).changes[0].entry.code == "performance.cancelled"
    old = timezone.now() - LATELY
    QuerySet(Entry).filter(target_id=str(third.pk)).update(at=old)
    assert [change.performance for change in start.of(world.kade).changes] == [first, second]
