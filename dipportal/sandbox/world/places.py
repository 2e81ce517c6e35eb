"""Reference data: theaters with halls, fees and contacts, producers, genres."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from random import Random

from dipportal.sandbox import clock
from dipportal.sandbox.credentials import CREDENTIAL_SETS
from dipportal.sandbox.store import Record, Store
from dipportal.sandbox.world import names
from dipportal.sandbox.world.scales import Scale


@dataclass(frozen=True)
class Places:
    theaters: list[Record]
    producers: dict[int, Record]
    genres: list[Record]

    @cached_property
    def members(self) -> list[Record]:
        return [one for one in self.theaters if one["dip_member"]]


def _hall_counts(rng: Random, scale: Scale) -> list[int]:
    """One number per theater that adds up to the scale's halls; some theaters have none."""
    numbers = list(range(8, scale.theaters)) or [scale.theaters - 1]
    if scale.theaters <= 8:
        numbers = [scale.theaters - 1]
    without = set(rng.sample(numbers, min(scale.without_halls, len(numbers))))
    counts = [0 if index in without else 1 for index in range(scale.theaters)]
    with_halls = [index for index in range(scale.theaters) if index not in without]
    for _ in range(scale.halls - len(with_halls)):
        counts[rng.choice(with_halls)] += 1
    return counts


def _theater(rng: Random, index: int, member: bool, provinces: list[Record], halls: list[Record]) -> Record:
    place = names.place(rng)
    kind = "Theater"
    if index < len(names.FIRST_THEATERS):
        name = names.FIRST_THEATERS[index]
    elif not halls and not member:
        kind = "Festival" if index % 2 else "Other"
        name = names.festival(rng, place)
    else:
        name = names.house(rng, place)
    return {
        "id": index + 1,
        "name": name,
        "street": names.street(rng),
        "number": f"{rng.randint(1, 180)}{rng.choice(('', '', '', 'a', 'b'))}",
        "zipcode": names.zipcode(rng),
        "city": place,
        "province": rng.choice(provinces),
        "type": kind,
        "dip_member": member,
        "theater_locations": halls,
    }


def theaters(rng: Random, scale: Scale, provinces: list[Record]) -> list[Record]:
    counts = _hall_counts(rng, scale)
    always = min(8, scale.members)
    rest = [index for index in range(always, scale.theaters) if scale.theaters <= 8 or counts[index]]
    members = {*range(always), *rng.sample(rest, scale.members - always)}
    made, hall_id = [], 56
    for index, count in enumerate(counts):
        halls = []
        for number in range(count):
            hall_id += 1 + hall_id % 3
            spare = f"Zaal {number + 1}"
            halls.append({"id": hall_id, "name": names.HALLS[number] if number < len(names.HALLS) else spare})
        made.append(_theater(rng, index, index in members, provinces, halls))
    _retire(made)
    return made


def _retire(made: list[Record]) -> None:
    """Places that are only kept because something points to them are renamed, never removed."""
    outsider = next((one for one in reversed(made) if not one["dip_member"] and one["theater_locations"]), None)
    if outsider is not None and len(made) > 8:
        outsider["name"] = names.RETIRED_THEATER
    largest = max(made[:8], key=lambda one: len(one["theater_locations"]))
    if len(largest["theater_locations"]) > 2:
        largest["theater_locations"][-1]["name"] = names.RETIRED_HALL


def producers(scale: Scale) -> list[Record]:
    own = {**names.OWN_PRODUCERS}
    wanted = [*scale.agency.clients, *scale.producer.clients]
    agency = CREDENTIAL_SETS["demo-impresariaat"]
    found: list[Record] = [{"id": agency.organisation, "name": agency.name, "type": "Impresariaat"}]
    found += [{"id": number, "name": own[number], "type": "Producent"} for number in wanted]
    for index in range(scale.unrelated_producers):
        found.append({"id": 300 + index * 3, "name": names.producer(index), "type": "Producent"})
    return found


def _fees(rng: Random, theater: Record, today: date, first_id: int) -> Record:
    start = clock.season_start(today)
    periods = []
    for offset, hall in enumerate(theater["theater_locations"][:3]):
        periods.append(
            {
                "id": first_id + offset,
                "theater_location": hall,
                "start_date": f"{start.year}-08-01T00:00:00",
                "end_date": f"{start.year + 1}-07-31T00:00:00" if rng.random() < 0.6 else None,
                "theater_fee": rng.choice((0, 150, 200, 425)),
                "consumption_fee": rng.choice((0, 0, 100, 250)),
                "service_fee": rng.choice((0, 50, 125)),
                "wardrobe_fee": rng.choice((0, 0, 50)),
            }
        )
    return {"id": theater["id"], "name": theater["name"], "fees": periods}


def _contacts(rng: Random, theater: Record) -> Record:
    chosen = names.MAILBOXES[: rng.randint(1, len(names.MAILBOXES))]
    domain = names.domain(theater["name"])
    return {
        "id": theater["id"],
        "name": theater["name"],
        "contacts": [{"name": name, "email": f"{box}@{domain}"} for name, box in chosen],
    }


def fill(store: Store, rng: Random, scale: Scale, today: date) -> Places:
    provinces = [{"id": number, "name": name} for number, name in enumerate(names.PROVINCES, start=1)]
    genres = [{"id": number, "name": name} for number, name in enumerate(names.GENRES, start=1)]
    countries = [{"id": number, "name": name} for number, name in enumerate(names.COUNTRIES, start=1)]
    made = theaters(rng, scale, provinces)
    known = producers(scale)
    members = [one for one in made if one["dip_member"]]
    fees = [_fees(rng, one, today, 900 + 4 * one["id"]) for one in members if rng.random() < 0.8]
    contacts = [_contacts(rng, one) for one in members]
    kinds: tuple[tuple[str, list[Record]], ...] = (
        ("province", provinces), ("genre", genres), ("country", countries), ("theater", made), ("producer", known),
        ("theater_fees", fees), ("contacts", contacts),
    )  # fmt: skip
    for kind, records in kinds:
        store.put_many(kind, [(one["id"], one) for one in records])
    return Places(made, {one["id"]: one for one in known}, genres)
