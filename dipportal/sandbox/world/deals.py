"""Agreements in every type and status, with their versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Any

from dipportal.sandbox import clock, contracts, terms
from dipportal.sandbox.credentials import CredentialSet
from dipportal.sandbox.store import Record
from dipportal.sandbox.world import names
from dipportal.sandbox.world.box_office import seats_of
from dipportal.sandbox.world.scales import Share
from dipportal.sandbox.world.tours import Tour

_OPEN = ("concept", "proposed", "rejected")


@dataclass
class Group:
    """Performances of one production in one theater that one agreement is about."""

    production: Record
    theater: Record
    performances: list[Record]

    @property
    def first(self) -> str:
        return str(self.performances[0]["date"])


@dataclass
class Deal:
    status: str
    group: Group
    parent: Deal | None = None
    children: list[Deal] = field(default_factory=list)
    type: str = "partage"
    created: datetime = datetime(2000, 1, 1)  # noqa: DTZ001 - DIP writes no offsets, so the sandbox has none
    id: int = 0


def groups(rng: Random, tours: list[Tour], theaters: dict[int, Record]) -> list[Group]:
    found = []
    for tour in tours:
        by_theater: dict[int, list[Record]] = {}
        for one in tour.performances:
            if theaters[one["theater"]["id"]]["dip_member"]:
                by_theater.setdefault(one["theater"]["id"], []).append(one)
        for theater_id, played in by_theater.items():
            start = 0
            while start < len(played):
                taken = played[start : start + rng.choice((1, 1, 1, 2, 3, 6))]
                found.append(Group(tour.production, theaters[theater_id], taken))
                start += len(taken)
    return found


def _takers(rng: Random, found: list[Group], today: date, wanted: int) -> tuple[Iterator[Group], Iterator[Group]]:
    """Groups for what is still open (ahead of us, the first three theaters first) and for what is settled.

    Where more is `wanted` open than is ahead of us, as in the large worlds, years of old ones stay open too.
    """
    ahead = [one for one in found if one.first[:10] > today.isoformat()]
    behind = [one for one in found if one.first[:10] <= today.isoformat()]
    rng.shuffle(ahead)
    rng.shuffle(behind)
    front = [one for one in ahead if one.theater["id"] <= 3]
    rest = [one for one in ahead if one.theater["id"] > 3]
    half = len(rest) // 2
    if wanted > len(front) + half:
        return cycle(front + rest + behind), cycle(behind + rest or found)
    return cycle(front + rest[:half]), cycle(behind + rest[half:] or found)


def _deals(rng: Random, share: Share, found: list[Group], today: date, first_open: int) -> list[Deal]:
    still_open = sum(share.statuses.get(status, 0) for status in _OPEN)
    for_open, for_settled = _takers(rng, found, today, still_open)
    left = dict(share.statuses)
    made = []
    for _ in range(left.pop("revised", 0)):
        root = Deal("revised", next(for_settled))
        made += [root, _version(root, "approved")]
        left["approved"] -= 1
    roots = [Deal("approved", next(for_settled)) for _ in range(left.pop("approved", 0))]
    made += roots
    open_first = min(first_open, left.get("proposed", 0))
    made += [Deal("proposed", next(for_open)) for _ in range(open_first)]
    left["proposed"] = left.get("proposed", 0) - open_first
    # What is still to be played is what gets revised, as far as there is any.
    revisable = [one for one in roots if one.group.first[:10] > today.isoformat()]
    if len(revisable) * 4 < still_open:
        revisable = roots
    for status in (*_OPEN, "revised-in-pki"):
        for _ in range(left.get(status, 0)):
            if status in _OPEN and revisable and rng.random() < 0.25:
                made.append(_version(rng.choice(revisable), status))
            else:
                made.append(Deal(status, next(for_open if status in _OPEN else for_settled)))
    return made


def _version(root: Deal, status: str) -> Deal:
    child = Deal(status, root.group, parent=root)
    root.children.append(child)
    return child


def _give_types(rng: Random, made: list[Deal], types: dict[str, int]) -> None:
    """Versions of one deal share a type; the numbers come out exactly, what is left is partage."""
    chains = [one for one in made if one.parent is None]
    rng.shuffle(chains)
    left = dict(types)
    for root in chains:
        size = 1 + len(root.children)
        for name, number in left.items():
            if size <= number:
                left[name] -= size
                for one in (root, *root.children):
                    one.type = name
                break


def _give_moments(rng: Random, made: list[Deal], today: date) -> None:
    latest = datetime.combine(today, time(0, 0))
    for one in (deal for deal in made if deal.parent is None):
        about = clock.parse(one.group.first) - timedelta(days=rng.randint(90, 260))
        about = min(about, latest - timedelta(days=rng.randint(2, 80)))
        one.created = about.replace(hour=rng.randint(9, 17), minute=rng.randint(0, 59), second=rng.randint(0, 59))
        after = one.created
        for child in one.children:
            after = min(after + timedelta(hours=rng.randint(5, 300)), latest - timedelta(minutes=rng.randint(1, 90)))
            child.created = after


def _terms(rng: Random, contract_type: str, evenings: Sequence[Record]) -> Record:
    price = rng.choice((1450, 1825, 2250, 2800))
    ranks = rng.choice((1, 1, 2, 3, 4))
    part = rng.choice((20, 30, 40, 50, 65))
    percentage = rng.choice((70.0, 75.0, 80.0, 85.0, 90.0))
    given: dict[str, Any] = {
        "theater_fee": rng.choice((0, 150, 200, 425)),
        "consumption_fee": rng.choice((0, 0, 100, 250)),
        "service_fee": rng.choice((0, 50, 125)),
        "wardrobe_fee": rng.choice((0, 0, 50)),
        "mantel_agreement": rng.random() < 0.7,
        "remarks": rng.choice(names.REMARKS) if rng.random() < 0.94 else "",
        "theater_technicians": rng.choice((None, None, 2, 3)),
        "producer_technicians": rng.choice((None, None, 1, 4)),
    }
    settled = [max(price - 350 * rank - rng.choice((0, 50, 100)), 500) for rank in range(ranks)]
    given["settlement_pricing"] = settled
    given["entrance_pricing"] = [one + given["theater_fee"] for one in settled]
    full = sum(settled) // ranks * sum(sum(seats_of(one)) for one in evenings)
    # What is guaranteed is a part of what full houses bring, in steps of € 250.
    guarantee = max(round(full * part / 100 / 25000), 2) * 25000
    if contract_type == "rent":
        return {**given, "rent": guarantee, "other_charges": rng.choice((0, 35000))}
    given["royalties_percentage"] = rng.choice((0.0, 8.5, 10.0, 11.0, 12.0))
    if contract_type == "buyout":
        return {**given, "buyout_amount": guarantee}
    given["royalties_add_part_percentage"] = rng.random() < 0.8
    if contract_type == "volume":
        tranches = [{"amount": guarantee, "percentage": 100.0}, {"amount": 99999999, "percentage": 50.0}]
        return {**given, "shared_costs": rng.choice((0, 0, 45000)), "volumes": tranches}
    given |= {"partage_percentage": percentage, "warranty_per_performance": rng.random() < 0.4}
    if given["warranty_per_performance"]:
        guarantee = max(guarantee // len(evenings) // 25000, 2) * 25000
    if contract_type == "suppletion":
        return {**given, "suppletion": guarantee // 2, "warranty": guarantee}
    side = rng.choice(("producer_warranty", "producer_warranty", "theater_warranty", None))
    return {**given, **({side: guarantee} if side else {})}


def _changed(rng: Random, given: Record, status: str) -> Record:
    """What a revision is made for: one or two terms differ. In a concept the visitor's prices still have to follow."""
    changed = dict(given)
    changed["theater_fee"] = given["theater_fee"] + 25
    if status != "concept":
        changed["entrance_pricing"] = [one + 25 for one in given["entrance_pricing"]]
    for name in ("partage_percentage", "producer_warranty", "buyout_amount"):
        if given.get(name) and rng.random() < 0.5:
            changed[name] = given[name] - 5 if name == "partage_percentage" else given[name] - 25000
    return changed


def _record(rng: Random, deal: Deal, provider: CredentialSet, given: Record, reference: str) -> Record:
    is_agency = provider.kind == "agency"
    theater, production = deal.group.theater, deal.group.production
    modified = deal.created + timedelta(milliseconds=rng.choice((0, 933, 120, 797, 500, 4)))
    record = contracts.new_record(
        deal.id,
        deal.type,
        clock.stamp(modified),
        name=reference,
        status=deal.status,
        contact_theater=f"programmering@{names.domain(theater['name'])}",
        contact_producer=f"planning@{names.domain(provider.name)}",
        agencyAsProvider=is_agency and rng.random() < 0.8,
        agency={"id": provider.organisation, "name": provider.name} if is_agency else None,
        producer=production["producer"],
        theater={"id": theater["id"], "name": theater["name"]},
        production={"id": production["id"], "title": production["title"]},
        properties=terms.properties(deal.type, given),
        childIds=[child.id for child in deal.children],
        parentId=deal.parent.id if deal.parent else 0,
        **contracts.performance_part(deal.group.performances),
    )
    if deal.status == "rejected":
        record["reject_reason"] = rng.choice((*names.REASONS, ""))
        for name in rng.sample(terms.rejection_fields_of(deal.type), rng.randint(1, 3)):
            record["rejection_fields"][name] = True
    return record


def agreements(
    rng: Random,
    share: Share,
    provider: CredentialSet,
    found: list[Group],
    *,
    today: date,
    first_open: int,
    first_id: int,
) -> list[Record]:
    """By rising id; a version comes after the one it revises."""
    if not found or not share.statuses:
        return []
    made = _deals(rng, share, found, today, first_open)
    _give_types(rng, made, share.types)
    _give_moments(rng, made, today)
    made.sort(key=lambda one: one.created)
    number = first_id
    for one in made:
        number += rng.randint(1, 5)
        one.id = number
    given: dict[int, Record] = {}
    references: dict[int, str] = {}
    records = []
    for index, one in enumerate(made):
        root = one.parent or one
        if root.id not in given:
            given[root.id] = _terms(rng, root.type, root.group.performances)
            references[root.id] = f"Boeking #{1000 + index}"
        own = _changed(rng, given[root.id], one.status) if one.parent else given[root.id]
        records.append(_record(rng, one, provider, own, references[root.id]))
    return records
