"""Paper on both sides: the PDF, the standing agreements, and what the page of an agreement says of them."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.contracts import actions, paper, standing
from dipportal.contracts.models_standing import StandingAgreement
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from tests.access.paper import PDF, pdf_file, standing_agreement
from tests.world import World

AREAS = {"agency": "providers", "kade": "receivers"}


def url(world: World, own: str, page: str, **kwargs: Any) -> str:
    return reverse(f"{AREAS[own]}:{page}", kwargs={"organisation": getattr(world, own).slug, **kwargs})


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def typed(**changes: Any) -> dict[str, Any]:
    return {"title": "Mantel 2026", "valid_from": "2026-01-01", "valid_until": "", **changes}


# --- the PDF -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("own", ["agency", "kade"])
@pytest.mark.parametrize("status", ["proposed", "approved", "rejected"])
def test_both_sides_get_the_same_pdf_of_what_was_shared(world: World, own: str, status: str) -> None:
    made = world.contract(status=status)
    client = signed_in(world, f"{own}_viewer")
    page = client.get(url(world, own, "contract", pk=made.pk)).content.decode()
    address = url(world, own, "paper", pk=made.pk)
    assert f'href="{address}"' in page
    reply = client.get(address)
    assert reply.status_code == 200
    assert reply.content.startswith(b"%PDF-")
    assert reply.headers["Content-Type"] == "application/pdf"
    assert reply.headers["Content-Disposition"] == f'attachment; filename="{made.reference}-v1-de-storm.pdf"'
    assert "no-store" in reply.headers["Cache-Control"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    other = "kade" if own == "agency" else "agency"
    assert signed_in(world, f"{other}_viewer").get(url(world, other, "paper", pk=made.pk)).content == reply.content


def test_the_pdf_speaks_the_language_of_the_reader(world: World) -> None:
    made = world.contract(status="approved")
    client = signed_in(world, "kade_editor")
    dutch = client.get(url(world, "kade", "paper", pk=made.pk)).content
    client.cookies[configured.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get(url(world, "kade", "paper", pk=made.pk)).content
    assert [b"(nl)" in dutch, b"(en)" in dutch, b"(nl)" in english, b"(en)" in english] == [True, False, False, True]


def test_a_receiver_never_gets_a_concept_also_not_one_that_was_taken_back(world: World) -> None:
    client = signed_in(world, "kade_manager")
    made = world.contract(status="proposed")
    assert client.get(url(world, "kade", "paper", pk=made.pk)).status_code == 200
    actions.withdraw(made, actor=world.actors["agency_editor"])
    assert client.get(url(world, "kade", "paper", pk=made.pk)).status_code == 404
    assert signed_in(world, "agency_viewer").get(url(world, "agency", "paper", pk=made.pk)).status_code == 200


@pytest.mark.parametrize("own", ["agency", "kade"])
def test_a_pdf_that_cannot_be_made_is_told_on_the_page(world: World, own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_contract: Any) -> bytes:
        raise paper.PaperError

    monkeypatch.setattr(paper, "pdf", refuse)
    made = world.contract(status="proposed")
    reply = signed_in(world, f"{own}_viewer").get(url(world, own, "paper", pk=made.pk), follow=True)
    assert reply.redirect_chain == [(url(world, own, "contract", pk=made.pk), 302)]
    assert [str(one) for one in reply.context["messages"]] == [str(paper.PaperError())]


# --- what the page of an agreement says ---------------------------------------------------------------------------
@pytest.mark.parametrize("own", ["agency", "kade"])
def test_the_page_names_the_standing_agreement_that_applies_or_warns(world: World, own: str) -> None:
    made = world.contract(status="proposed", terms={"standing_agreement": True})
    client, page = signed_in(world, f"{own}_viewer"), url(world, own, "contract", pk=made.pk)
    told = client.get(page).context["standing"]
    assert told.found is None
    assert told.text in client.get(page).content.decode()
    one = standing_agreement(world)
    reply = client.get(page)
    assert reply.context["standing"].found == one
    assert "Mantel 2020" in reply.content.decode()
    assert f'href="{url(world, own, "standing_file", pk=one.pk)}"' in reply.content.decode()


def test_the_page_says_nothing_where_the_terms_do_not(world: World) -> None:
    standing_agreement(world)
    made = world.contract(status="proposed")
    page = signed_in(world, "kade_viewer").get(url(world, "kade", "contract", pk=made.pk))
    assert page.context["standing"] is None
    assert "Mantel 2020" not in page.content.decode()


# --- putting on file, changing, ending ----------------------------------------------------------------------------
def test_a_manager_puts_one_on_file_and_both_sides_read_it(world: World) -> None:
    client = signed_in(world, "agency_manager")
    new = url(world, "agency", "standing_new")
    assert 'enctype="multipart/form-data"' in client.get(new).content.decode()
    reply = client.post(new, {**typed(theater=world.theater.pk), "file": pdf_file()})
    assert reply.status_code == 302
    one = StandingAgreement.objects.get()
    assert (one.provider, one.receiver, one.title) == (world.agency, world.kade, "Mantel 2026")
    for own in ("agency", "kade"):
        reader = signed_in(world, f"{own}_viewer")
        page = reader.get(url(world, own, "standing")).content.decode()
        address = url(world, own, "standing_file", pk=one.pk)
        assert "Mantel 2026" in page
        assert f'href="{address}"' in page
        got = reader.get(address)
        assert b"".join(got.streaming_content) == PDF  # type: ignore[arg-type]
        assert got.headers["Content-Type"] == "application/pdf"
        assert got.headers["Content-Disposition"] == 'attachment; filename="mantel-2026.pdf"'
        assert "no-store" in got.headers["Cache-Control"]
        assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"theater": ""}, "theater"),
        ({"title": ""}, "title"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
        ({"valid_until": "2025-01-01"}, "valid_until"),
        ({"file": pdf_file(b"<html>")}, "file"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(world: World, wrong: dict[str, Any], field: str) -> None:
    data = {**typed(theater=world.theater.pk), **wrong}
    reply = signed_in(world, "agency_manager").post(url(world, "agency", "standing_new"), data)
    assert reply.status_code == 200
    assert set(reply.context["form"].errors) == {field}
    assert StandingAgreement.objects.count() == 0


def test_a_theater_that_nobody_runs_here_cannot_be_chosen(world: World) -> None:
    world.theater.receiver = None
    world.theater.save()
    data = typed(theater=world.theater.pk)
    reply = signed_in(world, "agency_manager").post(url(world, "agency", "standing_new"), data)
    assert set(reply.context["form"].errors) == {"theater"}


def test_a_change_over_somebody_else_s_shows_both_and_the_second_try_saves(world: World) -> None:
    one, client = standing_agreement(world), signed_in(world, "agency_manager")
    edit = url(world, "agency", "standing_edit", pk=one.pk)
    assert client.get(edit).context["form"]["version"].value() == 1
    standing.update(
        one,
        values={"title": "Van een collega", "valid_from": one.valid_from, "valid_until": None},
        seen_version=1,
        actor=world.actors["agency_manager"],
    )
    refused = client.post(edit, typed(title="Van mij", version=1))
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Van een collega" in page
    assert "Van mij" in page
    seen = refused.context["form"]["version"].value()
    assert client.post(edit, typed(title="Van mij", version=seen)).status_code == 302
    one.refresh_from_db()
    assert (one.title, one.version) == ("Van mij", 3)


def test_ending_asks_first_and_keeps_it_readable(world: World) -> None:
    one, client = standing_agreement(world), signed_in(world, "agency_manager")
    page = url(world, "agency", "standing_end", pk=one.pk)
    assert "Mantel 2020" in client.get(page).content.decode()
    assert client.post(page, {"last_day": "2019-12-31", "version": 1}).status_code == 200
    today = timezone.localdate()
    assert client.post(page, {"last_day": today.isoformat(), "version": 1}).status_code == 302
    one.refresh_from_db()
    assert one.valid_until == today
    assert one.ended_at is not None
    overview = client.get(url(world, "agency", "standing")).content.decode()
    assert "Mantel 2020" in overview
    assert 'data-action="end"' not in overview
    assert client.get(url(world, "agency", "standing_file", pk=one.pk)).status_code == 200
    late = client.post(url(world, "agency", "standing_edit", pk=one.pk), typed(version=2), follow=True)
    assert late.status_code == 200
    one.refresh_from_db()
    assert one.title == "Mantel 2020"


def test_a_lost_race_on_ending_is_told_and_ends_nothing(world: World) -> None:
    one = standing_agreement(world)
    StandingAgreement.objects.update(version=5)
    page = url(world, "agency", "standing_end", pk=one.pk)
    data = {"last_day": timezone.localdate().isoformat(), "version": 1}
    reply = signed_in(world, "agency_manager").post(page, data, follow=True)
    assert len(reply.context["messages"]) == 1
    one.refresh_from_db()
    assert one.ended_at is None


@pytest.mark.parametrize("who", ["agency_editor", "agency_viewer"])
def test_who_is_no_manager_reads_and_changes_nothing(world: World, who: str) -> None:
    one, client = standing_agreement(world), signed_in(world, who)
    page = client.get(url(world, "agency", "standing")).content.decode()
    assert "Mantel 2020" in page
    assert "data-action" not in page.partition("<table")[2].partition("</table>")[0]
    for name, kwargs in (("standing_new", {}), ("standing_edit", {"pk": one.pk}), ("standing_end", {"pk": one.pk})):
        assert client.post(url(world, "agency", name, **kwargs), typed(theater=19)).status_code == 403
    assert StandingAgreement.objects.get().version == 1


@pytest.mark.parametrize(("own", "pair"), [("kade", ("agency", "haven")), ("agency", ("rival", "kade"))])
def test_the_neighbours_file_is_not_found_and_their_title_not_listed(
    world: World, own: str, pair: tuple[str, str]
) -> None:
    one, client = standing_agreement(world, *pair, title="Van de buren"), signed_in(world, f"{own}_manager")
    assert client.get(url(world, own, "standing_file", pk=one.pk)).status_code == 404
    assert "Van de buren" not in client.get(url(world, own, "standing")).content.decode()


@pytest.mark.parametrize("own", ["agency", "kade"])
def test_one_without_a_file_or_with_a_lost_one_is_not_found(world: World, own: str) -> None:
    bare = standing_agreement(world, file=False, valid_until=dt.date(2020, 2, 1))
    lost = standing_agreement(world, valid_from=dt.date(2021, 1, 1))
    Path(lost.file.path).unlink()
    client = signed_in(world, f"{own}_viewer")
    for one in (bare, lost):
        assert client.get(url(world, own, "standing_file", pk=one.pk)).status_code == 404


def more(world: World, own: str, number: int) -> None:
    for index in range(number):
        slug = f"{own}-{StandingAgreement.objects.count()}-{index}"
        side = Side.RECEIVER if own == "agency" else Side.PROVIDER
        other = Organisation.objects.create(slug=slug, name=f"Organisatie {slug}", kind=side)
        provider, receiver = (world.agency, other) if own == "agency" else (other, world.kade)
        StandingAgreement.objects.create(
            provider=provider, receiver=receiver, title=slug, valid_from=dt.date(2020, 1, 1), file="standing/x.pdf"
        )


@pytest.mark.parametrize("own", ["agency", "kade"])
@pytest.mark.parametrize("order", ["", "?order=-from", "?order=title", "?order=nonsense"])
def test_the_list_costs_the_same_with_three_and_thirty(world: World, own: str, order: str) -> None:
    client, page = signed_in(world, f"{own}_manager"), url(world, own, "standing") + order
    costs = []
    for number in (3, 30):
        more(world, own, number)
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("own", ["agency", "kade"])
def test_nothing_on_file_yet_is_told(world: World, own: str) -> None:
    page = signed_in(world, f"{own}_viewer").get(url(world, own, "standing"))
    assert page.status_code == 200
    assert "empty-state" in page.content.decode()
