"""The neighbours' deals, full of marker strings: whatever of them shows on our pages has leaked."""

from typing import Any

from django.db import models
from django.utils import timezone

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from dipportal.organisations import invitations
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from tests.access import api, many
from tests.world import PARTAGE, World, evening, season

MARK = "ZZMARK"
# What people type to look for it. In lower case, because a search page repeats what was typed.
WORDS = ("zzmark", "9944")
NUMBER = 994_400_000


def mark_organisation(organisation: Organisation) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(
        name=f"{MARK} organisation {organisation.pk}",
        contact_name=f"{MARK} contact",
        contact_email=f"{MARK}@{organisation.slug}.example",
        contact_phone=f"{MARK}-010",
    )
    for membership in organisation.memberships.select_related("user"):
        membership.user.name = f"{MARK} person {membership.pk}"
        membership.user.save(update_fields=["name"])


def terms(text: str) -> dict[str, Any]:
    return {**PARTAGE, "remarks": f"{MARK} remarks {text}", "provider_guarantee": 99_44_00}


def parties(text: str) -> dict[str, Any]:
    return {
        "own_reference": f"{MARK} own {text}",
        "contact_receiver": f"{MARK}-receiver@neighbour.example",
        "contact_provider": f"{MARK}-provider@neighbour.example",
    }


def production(world: World, producer: Any, *, evenings: int, theater: Any, hall: Any) -> tuple[Production, list[Any]]:
    number = NUMBER + Performance.objects.count() * 10
    made = Production.objects.create(
        dip_id=f"NL-25-9944-{number}",
        title=f"{MARK} title {number}",
        season=season(),
        genre=world.genre,
        producer=producer,
    )
    plays = [
        Performance.objects.create(
            number=number + index, production=made, theater=theater, hall=hall, starts_at=evening(20 + index)
        )
        for index in range(evenings)
    ]
    return made, plays


def deals(
    provider: Organisation, made: Production, plays: list[Any], *, actor: Actor, answerer: Actor | None
) -> list[Contract]:
    """One of each status; without somebody to answer only concepts."""
    found = []
    statuses = ("concept", "proposed", "approved", "rejected") if answerer else ("concept", "concept")
    for status, play in zip(statuses, plays, strict=False):
        contract = actions.create_concept(
            provider=provider, production=made, theater=play.theater, performances=[play], kind="partage",
            terms=terms(status), actor=actor, parties=parties(status),
        )  # fmt: skip
        found.append(contract)
        if answerer is None or status == "concept":
            continue
        actions.propose(contract, actor=actor)
        if status == "approved":
            actions.approve(contract, actor=answerer, note=f"{MARK} note")
        if status == "rejected":
            actions.reject(contract, actor=answerer, reason=f"{MARK} reason", rejected_terms=["remarks"])
    return found


def change_lately(plays: list[Any], actor: Actor) -> None:
    """A move and a cancellation, which make lines on somebody's start page."""
    play = plays[-1]
    values = {"theater": play.theater, "hall": play.hall, "starts_at": evening(50)}
    catalogue.update_performance(play, values=values, seen_version=play.version, actor=actor)
    catalogue.cancel_performance(plays[-2], actor=actor, reason=f"{MARK} reason of cancelling")


def fill_for_provider(world: World) -> None:
    """What the agency may never see: the rival's deals with everybody, also with the agency's own counterpart."""
    mark_organisation(world.rival)
    mark_organisation(world.haven)
    rival = world.actors["rival_editor"]
    invitations.invite(world.rival, f"{MARK}@rival.example", "viewer", "nl", actor=world.actors["rival_manager"])
    many.template(world, "rival", f"{MARK} template")
    many.snippet(world, "rival", f"{MARK} snippet", f"{MARK} text")
    many.batch(world, "rival", f"{MARK} refusal")
    for theater, hall, answerer in (
        (world.other_theater, world.other_hall, "haven_editor"),
        (world.theater, world.hall, "kade_editor"),
    ):
        made, plays = production(world, world.rival_producer, evenings=6, theater=theater, hall=hall)
        deals(world.rival, made, plays, actor=rival, answerer=world.actors[answerer])
        change_lately(plays, rival)


def fill_for_receiver(world: World) -> None:
    """What De Kade may never see: deals with another theater, also of its own counterpart, and concepts for itself."""
    mark_organisation(world.haven)
    invitations.invite(world.haven, f"{MARK}@haven.example", "viewer", "nl", actor=world.actors["haven_manager"])
    api.key(world, "haven", f"{MARK} key")
    for provider, producer, who in (
        (world.rival, world.rival_producer, "rival_editor"),
        (world.agency, world.producer, "agency_editor"),
    ):
        actor = world.actors[who]
        made, plays = production(world, producer, evenings=6, theater=world.other_theater, hall=world.other_hall)
        deals(provider, made, plays, actor=actor, answerer=world.actors["haven_editor"])
        change_lately(plays, actor)
        # A performance that De Kade knows, with agreements that it does not know yet.
    deals(world.agency, world.production, world.performances, actor=world.actors["agency_editor"], answerer=None)


def internal(world: World) -> None:
    """What the counterpart keeps to itself about what De Kade may see: own references, and why it cancelled."""
    Contract.objects.filter(provider=world.agency).update(own_reference=f"{MARK} own reference")
    spare = Performance.objects.create(
        number=99_000_001,
        production=world.production,
        theater=world.theater,
        hall=world.hall,
        starts_at=evening(60),
    )
    catalogue.cancel_performance(spare, actor=world.actors["agency_editor"], reason=f"{MARK} our own reason")


def long_ago() -> None:
    """Puts what happened days back, so that 'just now' does not become 'a minute' between two readings."""
    days = timezone.timedelta(days=3)
    Contract.objects.filter(proposed_at__isnull=False).update(proposed_at=models.F("proposed_at") - days)
    Contract.objects.filter(answered_at__isnull=False).update(answered_at=models.F("answered_at") - days)
    models.QuerySet(Entry).update(at=models.F("at") - days)
