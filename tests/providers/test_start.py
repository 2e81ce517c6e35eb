"""The start page: what waits, for whom, at which moment, and at what cost."""

import datetime as dt

import pytest
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip.models import Connection
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.providers import waiting
from tests.providers.browser import at, signed_in
from tests.providers.test_rows import ESCAPED, NASTY
from tests.world import World


def found(world: World, organisation: Organisation | None = None, actor: str = "agency_editor") -> dict[str, list[int]]:
    sections = waiting.of(organisation or world.agency, world.actors[actor]).sections
    return {section.kind.name: [row.pk for row in section.rows] for section in sections}


@pytest.fixture
def full(world: World) -> World:
    """Something in every section that needs no second person."""
    today, now = timezone.localdate(), timezone.now()
    states = (
        {"status": "proposed", "side": "receiver", "proposed_at": now},
        {"status": "rejected", "proposed_at": now, "answered_at": now, "rejection_reason": "Te laag"},
        {"status": "proposed", "proposed_at": now, "answer_by": today - dt.timedelta(days=1)},
        {"status": "proposed", "proposed_at": now, "answer_by": today},
        {"status": "concept"},
    )
    for state in states:
        contract = world.contract(performances=[world.performances[1]])
        Contract.objects.filter(pk=contract.pk).update(**state)
    Performance.objects.filter(pk=world.performances[1].pk).update(status="cancelled")
    return world


def test_everything_that_waits_is_there_at_eight_queries_at_most(full: World) -> None:
    client, url = signed_in(full, "agency_editor"), at(full.agency, "start")
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url)
    names = [section.kind.name for section in page.context["sections"]]
    assert names == [kind.name for kind in waiting.KINDS if kind.name != "seconds"]
    assert len(queries) <= 8


def test_every_section_has_the_rows_of_the_list_that_it_leads_to(full: World) -> None:
    client = signed_in(full, "agency_editor")
    for section in client.get(at(full.agency, "start")).context["sections"]:
        listed = client.get(section.url).context["listing"].page
        assert [row.pk for row in listed][: waiting.SHOWN] == [row.pk for row in section.rows], section.kind.name
        assert len(listed) == section.count


def test_a_kept_statement_is_one_s_own(full: World) -> None:
    """Which was asked first makes no difference."""
    theirs = full.rival_contract()
    ours = found(full)
    assert found(full, full.rival, "rival_editor")["concepts"] == [theirs.pk]
    assert found(full) == ours
    assert theirs.pk not in {pk for name, rows in ours.items() for pk in rows if name != "bare"}


def test_what_is_kept_depends_on_the_organisation_and_the_day_alone(world: World) -> None:
    """Whoever asks, with whatever set: otherwise one person would be answered what another one asked."""
    before = {kind.name: said(kind, world.agency, waiting.NOBODY) for kind in waiting.KINDS}
    Organisation.objects.filter(pk=world.agency.pk).update(four_eyes=True, answer_days=3, name="Anders")
    now = Organisation.objects.get(pk=world.agency.pk)
    for name in ("agency_manager", "agency_viewer", "rival_editor"):
        changed = {kind.name for kind in waiting.KINDS if said(kind, now, world.actors[name]) != before[kind.name]}
        assert changed <= set(waiting.PERSONAL), name


def said(kind: waiting.Kind, organisation: Organisation, actor: Actor) -> str:
    try:
        return str(kind.rows(organisation, actor).query)
    except EmptyResultSet:
        return ""


def test_a_performance_that_has_begun_no_longer_waits(world: World) -> None:
    Theater.objects.update(dip_member=True)
    first = world.performances[0]
    soon = timezone.now() + dt.timedelta(milliseconds=300)
    Performance.objects.filter(pk=first.pk).update(starts_at=soon)
    assert first.pk in found(world)["bare"]
    Performance.objects.filter(pk=first.pk).update(starts_at=timezone.now())
    assert first.pk not in found(world)["bare"]


def test_a_concept_is_called_off_when_none_of_its_evenings_takes_place(world: World) -> None:
    gone, cancelled, kept = world.performances
    concept = world.contract(performances=[gone, cancelled])
    half = world.contract(performances=[cancelled, kept])
    assert "called_off" not in found(world)
    Performance.objects.filter(pk=cancelled.pk).update(status="cancelled")
    assert "called_off" not in found(world)
    Performance.objects.filter(pk=gone.pk).update(missing_since=timezone.now())
    assert found(world)["called_off"] == [concept.pk]
    Performance.objects.filter(pk=kept.pk).update(status="cancelled")
    assert sorted(found(world)["called_off"]) == sorted([concept.pk, half.pk])
    Performance.objects.filter(pk=gone.pk).update(missing_since=None)
    assert found(world)["called_off"] == [half.pk]


def test_a_connection_in_trouble_is_told(world: World) -> None:
    link = Connection.objects.create(organisation=world.agency, client_id="x")
    assert waiting.of(world.agency, world.actors["agency_editor"]).away is None
    Connection.objects.filter(pk=link.pk).update(trouble_kind="refused", trouble_since=timezone.now(), trouble="Nee")
    away = waiting.of(world.agency, world.actors["agency_editor"]).away
    assert away is not None
    assert away.refused
    assert waiting.of(world.rival, world.actors["rival_editor"]).away is None


def test_what_somebody_typed_is_text_in_the_sections(full: World) -> None:
    Theater.objects.update(name=NASTY, dip_member=True)
    Production.objects.update(title=NASTY)
    Contract.objects.filter(status="rejected").update(rejection_reason=NASTY)
    text = signed_in(full, "agency_editor").get(at(full.agency, "start")).content.decode()
    assert "<script>x" not in text
    assert f"“{ESCAPED}”" in text
    assert f"{ESCAPED} · {ESCAPED}</a>" in text


def test_who_only_reads_is_offered_no_agreement_to_draft(world: World) -> None:
    Theater.objects.update(dip_member=True)
    offers = {}
    for name in ("agency_viewer", "agency_editor"):
        text = signed_in(world, name).get(at(world.agency, "start")).content.decode()
        offers[name] = text.count(f"?production={world.production.pk}&amp;theater={world.theater.pk}")
    assert offers == {"agency_viewer": 0, "agency_editor": len(world.performances)}
