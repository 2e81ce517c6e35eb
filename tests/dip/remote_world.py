"""DIP as a world with a clock of its own, changed by steps: for random histories of what a pull may meet.

A `Step` is what happens, to which record, with which of the possible values, how many minutes after the step before,
and how many minutes later it can be read. Every change of an agreement carries the stamp of its begin, in the zone and
with the skew of this DIP; what is not committed yet is not shown. Lists without stamps show at once.
"""

import copy
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

from dipportal.dip.client import decoded
from tests.dip import pulling

OURS = (123, 124)
FOREIGN = 777
# Evenings as DIP writes them: without offset, some in the hour that comes twice and in the one that does not exist.
DATES = (
    "2026-12-01T20:15:00", "2026-12-01T20:15:00", "2026-10-25T02:30:00", "2027-03-28T02:30:00", "2027-03-28T02:00:00",
    "2027-03-28T03:30:00", "2026-11-20T14:00:00", "2027-05-10T15:00:00", "2027-01-31T20:00:00.5",
)  # fmt: skip
TYPES: dict[str, dict[str, Any]] = {
    "partage": {
        "royalties_percentage": 12.0, "royalties_add_part_percentage": True, "partage_percentage": 80.0,
        "producer_warranty": 650000, "theater_warranty": 0, "warranty_per_performance": False,
    },
    "volume": {
        "royalties_percentage": 10.0, "royalties_add_part_percentage": False, "producer_warranty": 0,
        "theater_warranty": 120000, "shared_costs": 25000,
        "volumes": [{"amount": 500000, "percentage": 70.0}, {"amount": 99999999, "percentage": 85.5}],
    },
    "buyout": {"royalties_percentage": 12.0, "buyout_amount": 475000},
    "suppletion": {
        "royalties_percentage": 12.0, "royalties_add_part_percentage": True, "partage_percentage": 75.0,
        "suppletion": 200000, "warranty": 550000, "warranty_per_performance": True,
    },
    "rent": {"rent": 310000, "other_charges": 4500},
}  # fmt: skip
FLAGS = ("provider_guarantee", "ticket_price", "remark", "theater_surcharge", "start_time", "amount")
REASONS = ("", "De garantie is te hoog.", "Liever een matinee; 20:15 is te laat.")


GOLDEN = {name: pulling.golden(name)[0] for name in ("theaters", "productions", "performances", "contracts")}


def fresh(name: str) -> dict[str, Any]:
    """A record of its own like the golden one."""
    return copy.deepcopy(GOLDEN[name])


@dataclass(frozen=True)
class Step:
    what: str
    which: int = 0
    value: int = 0
    minutes: int = 0
    late: int = 0


@dataclass
class Shelf:
    """Records of one kind by id: what is there, what was taken away, and what a pull has been shown."""

    there: dict[Any, dict[str, Any]] = field(default_factory=dict)
    gone: dict[Any, dict[str, Any]] = field(default_factory=dict)
    listed: set[Any] = field(default_factory=set)

    def pick(self, which: int) -> dict[str, Any] | None:
        return self.there[sorted(self.there)[which % len(self.there)]] if self.there else None

    def remove(self, key: Any) -> None:
        self.gone[key] = self.there.pop(key)

    def put_back(self, which: int) -> Any:
        if not self.gone:
            return None
        key = sorted(self.gone)[which % len(self.gone)]
        self.there[key] = self.gone.pop(key)
        return key


def named(record: dict[str, Any]) -> dict[str, Any]:
    return {"id": record["id"], "name": record["name"]}


class RemoteWorld:
    """Answers reads like the client. `loaded` are lists of raw records that are there from the start."""

    def __init__(self, loaded: dict[str, list[Any]], *, start: dt.datetime, zone: dt.tzinfo, skew: int) -> None:
        self.now = start
        self.zone, self.skew = zone, dt.timedelta(minutes=skew)
        self.genres = Shelf({one["id"]: one for one in loaded["genres"]})
        self.producers = Shelf({one["id"]: one for one in loaded["producers"]})
        self.theaters = Shelf({one["id"]: one for one in loaded["theaters"]})
        self.productions = Shelf({one["id"]: one for one in loaded["productions"]})
        self.performances = Shelf({one["number"]: one for one in loaded["performances"]})
        self.contracts = Shelf()
        self.own = list(loaded["own"])
        self.halls_listed: set[int] = set()
        self.shown: dict[int, dict[str, Any]] = {}
        self.late: list[tuple[dt.datetime, int, dict[str, Any] | None]] = []
        self.serial = 1000

    # --- the clock, and what can be read -------------------------------------------------------------------
    def stamp(self, *, fraction: int = 0) -> str:
        moment = (self.now + self.skew).astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        return moment.isoformat() + (f".{fraction}" if fraction else "")

    def show(self) -> None:
        due = [one for one in self.late if one[0] <= self.now]
        self.late = [one for one in self.late if one[0] > self.now]
        for _moment, number, raw in due:
            if raw is None:
                self.shown.pop(number, None)
            else:
                self.shown[number] = raw

    def _commit(self, raw: dict[str, Any], late: int) -> None:
        """Nothing of one record is committed before what was done to it earlier."""
        raw["modified"] = self.stamp(fraction=self.serial % 3)
        self._show_at(raw["id"], copy.deepcopy(raw), late)

    def _show_at(self, number: int, raw: dict[str, Any] | None, late: int) -> None:
        before = [moment for moment, other, _raw in self.late if other == number]
        self.late.append((max([self.now + dt.timedelta(minutes=late), *before]), number, raw))

    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any:
        """The list, as DIP would answer now; what it shows counts as listed."""
        self.show()
        parts = path.strip("/").split("/")
        if path == "/contracts":
            since = (params or {}).get("modifiedSince", "")
            answer = [self.contract_as_shown(one) for one in self.shown.values() if one["modified"] >= since]
            self.contracts.listed.update(one["id"] for one in answer)
        elif path in ("/genres", "/producers", "/theaters"):
            shelf: Shelf = getattr(self, parts[0])
            answer = list(shelf.there.values())
            shelf.listed.update(shelf.there)
            self.halls_listed.update(hall["id"] for one in answer for hall in one.get("theater_locations", ()))
        elif parts[-1] == "productions":
            answer = [one for one in self.productions.there.values() if one["producer"]["id"] == int(parts[1])]
            self.productions.listed.update(one["id"] for one in answer)
        elif parts[-1] == "performances":
            answer = [one for one in self.performances.there.values() if one["production"]["id"] == parts[3]]
            self.performances.listed.update(one["number"] for one in answer)
        else:
            raise AssertionError(f"nobody expects a read of {path}")
        return decoded(json.dumps(answer).encode(), apart=apart)

    def contract_as_shown(self, raw: dict[str, Any]) -> dict[str, Any]:
        """With the evenings as they stand now: DIP's agreements show the date of the performance itself."""
        plays = [self.evening(one["number"]) for one in raw["performances"]]
        evenings = [{"number": one["number"], "date": one["date"]} for one in plays]
        return {**raw, "performances": evenings, "first_date": min(one["date"] for one in plays)}

    def evening(self, number: int) -> dict[str, Any]:
        return self.performances.there.get(number) or self.performances.gone[number]

    # --- steps ---------------------------------------------------------------------------------------------
    def do(self, step: Step) -> None:
        self.now += dt.timedelta(minutes=step.minutes)
        kind, _, what = step.what.partition(".")
        getattr(self, f"_{kind}_{what}")(step)

    def _number(self) -> int:
        self.serial += 1
        return self.serial

    # reference data
    def _genre_new(self, step: Step) -> None:
        number = self._number()
        self.genres.there[number] = {"id": number, "name": f"Genre {number}"}

    def _genre_renamed(self, step: Step) -> None:
        self._rename(self.genres, step)

    def _producer_new(self, step: Step) -> None:
        number = self._number()
        self.producers.there[number] = {"id": number, "name": f"Producent {number}", "type": "Producent"}

    def _producer_renamed(self, step: Step) -> None:
        self._rename(self.producers, step)

    def _theater_renamed(self, step: Step) -> None:
        self._rename(self.theaters, step)

    def _rename(self, shelf: Shelf, step: Step) -> None:
        record = shelf.pick(step.which)
        if record is not None:
            record["name"] = f"{record['name'].split(' §')[0]} §{step.value}"

    def _theater_new(self, step: Step) -> None:
        number = self._number()
        raw = fresh("theaters")
        halls = [{"id": self._number(), "name": f"Zaal {rank}"} for rank in range(step.value % 3)]
        self.theaters.there[number] = {**raw, "id": number, "name": f"Theater {number}", "theater_locations": halls}

    def _theater_changed(self, step: Step) -> None:
        raw = self.theaters.pick(step.which)
        values = {"city": "Elders", "type": "Festival", "dip_member": step.value % 2 == 0, "zipcode": "9999 ZZ"}
        name = sorted(values)[step.value % 4]
        if raw is not None:
            raw[name] = values[name]

    def _theater_gone(self, step: Step) -> None:
        raw = self.theaters.pick(step.which)
        if raw is not None and len(self.theaters.there) > 1:
            self.theaters.remove(raw["id"])

    def _theater_back(self, step: Step) -> None:
        self.theaters.put_back(step.which)

    def _hall_new(self, step: Step) -> None:
        raw = self.theaters.pick(step.which)
        if raw is not None:
            number = self._number()
            raw["theater_locations"].append({"id": number, "name": f"Zaal {number}"})

    def _hall_renamed(self, step: Step) -> None:
        raw = self.theaters.pick(step.which)
        if raw is not None and raw["theater_locations"]:
            hall = raw["theater_locations"][step.value % len(raw["theater_locations"])]
            hall["name"] = f"{hall['name'].split(' §')[0]} §{step.value} NIET GEBRUIKEN"

    def _hall_gone(self, step: Step) -> None:
        raw = self.theaters.pick(step.which)
        if raw is not None and raw["theater_locations"]:
            raw["theater_locations"].pop(step.value % len(raw["theater_locations"]))

    def _hall_moved(self, step: Step) -> None:
        raw, other = self.theaters.pick(step.which), self.theaters.pick(step.value)
        if raw is not None and other is not None and raw is not other and raw["theater_locations"]:
            other["theater_locations"].append(raw["theater_locations"].pop())

    # productions
    def _production_new(self, step: Step) -> None:
        producer = OURS[step.value % 2]
        key = f"NL-26-{producer}-{self._number():0{3 + step.value % 5}}"
        raw = fresh("productions")
        raw.update(id=key, title=f"Stuk {key}", season="2026-2027", producer=self._producer(producer))
        self.productions.there[key] = raw

    def _producer(self, number: int) -> dict[str, Any]:
        return copy.deepcopy(self.producers.there[number])

    def _production_changed(self, step: Step) -> None:
        raw = self.productions.pick(step.which)
        if raw is None:
            return
        choice = step.value % 4
        if choice == 0:
            raw["title"] = f"{raw['title'].split(' §')[0]} §{step.value}"
        elif choice == 1:
            raw["genre"] = named(self.genres.pick(step.value) or raw["genre"])
        elif choice == 2:
            raw["season"] = f"{2020 + step.value % 7}-{2021 + step.value % 7}"
        else:
            others = [self.producers.pick(step.value + shift) for shift in range(step.value % 3)]
            raw["co_producers"] = list({one["id"]: copy.deepcopy(one) for one in others if one}.values())

    def _production_moved(self, step: Step) -> None:
        """To another producer, also to one of somebody else's; the id keeps the old producer's number."""
        raw = self.productions.pick(step.which)
        to = (*OURS, FOREIGN)[step.value % 3]
        if raw is not None and self._others_of(raw):
            raw["producer"] = self._producer(to)

    def _others_of(self, raw: dict[str, Any]) -> int:
        """A producer's list never comes back empty: that would not be believed, and rightly."""
        producer = raw["producer"]["id"]
        return sum(one["producer"]["id"] == producer for one in self.productions.there.values()) - 1

    def _production_gone(self, step: Step) -> None:
        raw = self.productions.pick(step.which)
        if raw is not None and self._others_of(raw):
            self.productions.remove(raw["id"])

    def _production_back(self, step: Step) -> None:
        self.productions.put_back(step.which)

    # performances
    def _performance_new(self, step: Step) -> None:
        production, theater = self.productions.pick(step.which), self.theaters.pick(step.value)
        if production is None or theater is None:
            return
        number = 20_000_000 + self._number()
        raw = fresh("performances")
        raw.update(id=number, number=number, date=DATES[step.value % len(DATES)], amount_rank1=step.value)
        raw["production"] = {key: production[key] for key in ("id", "title", "genre")}
        self.performances.there[number] = raw
        self._place(raw, theater, step.value)

    def _place(self, raw: dict[str, Any], theater: dict[str, Any], value: int) -> None:
        raw["theater"] = named(theater)
        halls = theater["theater_locations"]
        raw["theater_location"] = named(halls[value % len(halls)]) if halls and value % 5 else None

    def _performance_changed(self, step: Step) -> None:
        raw = self.performances.pick(step.which)
        values = {
            "amount_rank1": step.value, "amount_rank3": step.value % 2, "type": ("normal", "tryout")[step.value % 2],
            "private": step.value % 2 == 0, "in_festival": step.value % 2 == 0, "isOtherLocation": step.value % 2 == 0,
        }  # fmt: skip
        name = sorted(values)[step.value % len(values)]
        if raw is not None:
            raw[name] = values[name]

    def _performance_moved(self, step: Step) -> None:
        raw, theater = self.performances.pick(step.which), self.theaters.pick(step.value)
        if raw is not None and theater is not None:
            raw["date"] = DATES[step.value % len(DATES)]
            if step.value % 2:
                self._place(raw, theater, step.value)

    def _performance_cancelled(self, step: Step) -> None:
        raw = self.performances.pick(step.which)
        if raw is not None:
            raw["status"] = ("cancellation", "cancellation", "agreed")[step.value % 3]

    def _performance_gone(self, step: Step) -> None:
        raw = self.performances.pick(step.which)
        if raw is not None and len(self._tour(raw["production"]["id"])) > 1:
            self.performances.remove(raw["number"])

    def _tour(self, production_id: str) -> list[int]:
        return [one["number"] for one in self.performances.there.values() if one["production"]["id"] == production_id]

    def _performance_back(self, step: Step) -> None:
        self.performances.put_back(step.which)

    # agreements
    def _contract_new(self, step: Step) -> None:
        production = self.productions.pick(step.which)
        numbers = self._tour(production["id"]) if production else []
        if production is None or not numbers:
            return
        number = self._number()
        raw = fresh("contracts")
        kind = sorted(TYPES)[step.value % len(TYPES)]
        shared = {name: raw["properties"][name] for name in SHARED}
        raw.update(
            id=number, type=kind, name=f"Boeking {number}", status="concept", reject_reason="", childIds=[],
            parentId=0, producer=copy.deepcopy(production["producer"]), properties={**shared, **TYPES[kind]},
            production={"id": production["id"], "title": production["title"]},
        )  # fmt: skip
        if step.value % 7 == 0:
            raw.update(agency=None, agencyAsProvider=False)
        self._evenings(raw, numbers, step.value)
        self.contracts.there[number] = raw
        self._commit(raw, step.late)

    def _evenings(self, raw: dict[str, Any], numbers: list[int], value: int) -> None:
        chosen = sorted(numbers)[value % len(numbers) :][: 1 + value % 3]
        raw["performances"] = [{"number": number, "date": ""} for number in chosen]
        raw["theater"] = named(self.evening(chosen[0])["theater"])

    def _contract_arrives(self, step: Step) -> None:
        """What was made in the portal and pushed turns up, with our reference in its name."""
        if self.own:
            raw = self.own.pop(step.which % len(self.own))
            raw["id"] = self._number()
            self.contracts.there[raw["id"]] = raw
            self._commit(raw, step.late)

    def _contract_changed(self, step: Step) -> None:
        raw = self.contracts.pick(step.which)
        if raw is None or raw["status"] != "concept":
            return
        numbers = self._tour(raw["production"]["id"])
        if step.value % 4 == 0 and numbers:
            self._evenings(raw, numbers, step.value)
        else:
            own = {name: value for name, value in raw["properties"].items() if isinstance(value, int | float | str)}
            name = sorted(own)[step.value % len(own)]
            raw["properties"][name] = changed(name, own[name], step.value)
        self._commit(raw, step.late)

    def _contract_renamed(self, step: Step) -> None:
        """The provider's reference or a contact, which can change in any status."""
        raw = self.contracts.pick(step.which)
        if raw is None:
            return
        if step.value % 2:
            raw["contact_theater"] = f"zaal{step.value}@theater.example"
        else:
            mark = f" [{raw['name'].split('[')[1]}" if "[" in raw["name"] else ""
            raw["name"] = f"Kenmerk {step.value}{mark}"
        self._commit(raw, step.late)

    def _contract_answered(self, step: Step) -> None:
        """The next state of an agreement; what DIP shows may skip some of them."""
        raw = self.contracts.pick(step.which)
        answers = {"concept": ["proposed"], "proposed": ["approved", "approved", "rejected"]}
        following = answers.get(raw["status"]) if raw else None
        if raw is None or following is None:
            return
        raw["status"] = following[step.value % len(following)]
        if raw["status"] == "rejected":
            raw["reject_reason"] = REASONS[step.value % len(REASONS)]
            mark = f"is_{FLAGS[step.value % len(FLAGS)]}_rejected"
            raw["rejection_fields"] = {**raw["rejection_fields"], mark: True}
        self._commit(raw, step.late)

    def _contract_superseded(self, step: Step) -> None:
        raw = self.contracts.pick(step.which)
        if raw is not None and raw["status"] == "approved" and raw["childIds"]:
            raw["status"] = "revised"
            self._commit(raw, step.late)

    def _contract_revised(self, step: Step) -> None:
        """A version of its own, under the first one; the two can be committed in any order."""
        raw = self.contracts.pick(step.which)
        if raw is None or raw["status"] != "approved":
            return
        root = self.contracts.there.get(raw["parentId"]) if raw["parentId"] else raw
        if root is None:
            return
        child = copy.deepcopy(raw)
        child.update(id=self._number(), status="concept", childIds=[], parentId=root["id"])
        if child["name"].endswith("]") and step.value % 2:
            child["name"] = f"Versie {child['id']}"
        self.contracts.there[child["id"]] = child
        self._commit(child, step.late)
        root["childIds"] = [*root["childIds"], child["id"]]
        self._commit(root, 0)

    def _contract_gone(self, step: Step) -> None:
        """Never the last one that shows: an empty list in the place of many would not be believed, and rightly."""
        raw = self.contracts.pick(step.which)
        if raw is not None and (self.contracts.there.keys() & self.shown) - {raw["id"]}:
            self.contracts.remove(raw["id"])
            self._show_at(raw["id"], None, step.late)

    def _contract_back(self, step: Step) -> None:
        key = self.contracts.put_back(step.which)
        if key is not None:
            self._commit(self.contracts.there[key], step.late)


SHARED = (
    "theater_fee", "consumption_fee", "service_fee", "wardrobe_fee", "mantel_agreement", "remarks",
    "theater_technicians", "producer_technicians", "settlement_pricing", "entrance_pricing",
)  # fmt: skip


def changed(name: str, value: Any, by: int) -> Any:
    """Another value of the same sort; amounts of guarantees stay zero, because only one of the two may be filled."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"Duur {by} minuten.\r\nZonder pauze." if by % 2 else ""
    if name.endswith("_percentage"):
        return [0.0, 12.5, 33.3333, 100.0, 80][by % 5]
    return value + 25 * (by % 9) if value or not name.endswith("_warranty") else 0
