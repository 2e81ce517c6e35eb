"""Is the mirror what DIP has? Field by field from the raw records, with names and rules spelled out once more here.

Nothing of the code that is judged is used: not the wire format, not the table of terms, not the reading of moments.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip.models import RemoteRecord
from dipportal.journal.models import Entry
from tests.dip.remote_world import OURS, RemoteWorld, Shelf

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
CENTS = {
    "buyout_amount": "buyout_amount", "rent": "rent", "other_costs": "other_charges", "shared_costs": "shared_costs",
    "suppletion_amount": "suppletion", "suppletion_guarantee": "warranty", "provider_guarantee": "producer_warranty",
    "receiver_guarantee": "theater_warranty", "theater_surcharge": "theater_fee",
    "consumption_surcharge": "consumption_fee", "service_surcharge": "service_fee",
    "wardrobe_surcharge": "wardrobe_fee", "theater_technicians": "theater_technicians",
    "provider_technicians": "producer_technicians",
}  # fmt: skip
SHARES = {"provider_share": "partage_percentage", "copyright_percentage": "royalties_percentage"}
YES_OR_NO = {
    "guarantee_per_performance": "warranty_per_performance",
    "copyright_part_added": "royalties_add_part_percentage",
    "standing_agreement": "mantel_agreement",
}
LISTS = {"entrance_prices": "entrance_pricing", "settlement_prices": "settlement_pricing"}
TYPE_OF_AMOUNT = {"suppletion": "suppletion_guarantee", "buyout": "buyout_amount", "rent": "rent"}
GUARANTEED = ("partage", "volume")


def differences(remote: RemoteWorld, *, deletions: bool) -> list[str]:
    """What the mirror has otherwise than DIP, in words; `deletions` of agreements show only after a full pull."""
    return [
        *_reference(remote),
        *_productions(remote),
        *_performances(remote),
        *_contracts(remote, deletions=deletions),
        *_remembered(remote, deletions=deletions),
        *_told_twice(),
    ]


def moment(text: str) -> dt.datetime:
    """Amsterdam's clock without offset, the first of two equal hours; a skipped one counts on from before it."""
    local = dt.datetime.fromisoformat(text)
    return local.replace(tzinfo=AMSTERDAM, fold=0).astimezone(dt.UTC)


def _compare(
    kind: str,
    expected: dict[Any, dict[str, Any]],
    found: dict[Any, dict[str, Any]],
    listed: Iterable[Any],
    *,
    deletions: bool = True,
) -> list[str]:
    """Records that are there have a row with these values and no mark; those once listed and gone have the mark.

    A row of a record that was named but never listed (a stub) says nothing of itself, and is not judged.
    """
    wrong = []
    for key, values in expected.items():
        if key not in found:
            wrong.append(f"{kind} {key} is not here")
            continue
        for name, value in {**values, "missing": False}.items():
            if found[key][name] != value:
                wrong.append(f"{kind} {key}: {name} is {found[key][name]!r}, in DIP {value!r}")
    for key in set(listed) - expected.keys():
        if key not in found:
            wrong.append(f"{kind} {key} was here and was deleted")
        elif deletions and not found[key]["missing"]:
            wrong.append(f"{kind} {key} is gone in DIP and not marked")
    return wrong


def _rows(rows: Any, key: str, *names: str) -> dict[Any, dict[str, Any]]:
    found = {}
    for values in rows.values(key, "missing_since", *names):
        values["missing"] = values.pop("missing_since") is not None
        found[values.pop(key)] = values
    return found


# --- reference data --------------------------------------------------------------------------------------------------
def _reference(remote: RemoteWorld) -> list[str]:
    genres = {key: {"name": raw["name"]} for key, raw in remote.genres.there.items()}
    producers = {key: {"name": raw["name"], "kind": raw["type"]} for key, raw in remote.producers.there.items()}
    theaters = {
        key: {
            "name": raw["name"], "street": raw["street"], "house_number": raw["number"], "postal_code": raw["zipcode"],
            "city": raw["city"], "province": raw["province"]["name"], "dip_member": raw["dip_member"],
            "kind": {"Theater": "theater", "Festival": "festival"}.get(raw["type"], "other"),
        }
        for key, raw in remote.theaters.there.items()
    }  # fmt: skip
    halls = {
        hall["id"]: {"name": hall["name"], "theater_id": key}
        for key, raw in remote.theaters.there.items()
        for hall in raw["theater_locations"]
    }
    names = ("name", "street", "house_number", "postal_code", "city", "province", "dip_member", "kind")
    return [
        *_compare("genre", genres, _rows(Genre.objects, "id", "name"), remote.genres.listed),
        *_compare("producer", producers, _rows(Producer.objects, "id", "name", "kind"), remote.producers.listed),
        *_compare("theater", theaters, _rows(Theater.objects, "id", *names), remote.theaters.listed),
        *_compare("hall", halls, _rows(Hall.objects, "id", "name", "theater_id"), remote.halls_listed),
    ]


# --- productions and performances ------------------------------------------------------------------------------------
def _in_sight(remote: RemoteWorld) -> dict[str, dict[str, Any]]:
    return {key: raw for key, raw in remote.productions.there.items() if raw["producer"]["id"] in OURS}


def _productions(remote: RemoteWorld) -> list[str]:
    expected = {
        key: {
            "title": raw["title"].strip(), "season": raw["season"], "producer_id": raw["producer"]["id"],
            "genre_id": raw["genre"]["id"], "co_producers": sorted(one["id"] for one in raw["co_producers"]),
        }
        for key, raw in _in_sight(remote).items()
    }  # fmt: skip
    rows = Production.objects.exclude(dip_id="")
    found = _rows(rows, "dip_id", "title", "season", "producer_id", "genre_id")
    for values in found.values():
        values["co_producers"] = []
    pairs = Production.co_producers.through._default_manager.order_by("producer_id")
    for key, producer in pairs.values_list("production__dip_id", "producer_id"):
        found[key]["co_producers"].append(producer)
    return _compare("production", expected, found, remote.productions.listed)


def _performances(remote: RemoteWorld) -> list[str]:
    in_sight = _in_sight(remote)
    expected = {
        key: {
            "production__dip_id": raw["production"]["id"], "theater_id": raw["theater"]["id"],
            "hall_id": raw["theater_location"]["id"] if raw["theater_location"] else None,
            "starts_at": moment(raw["date"]), "kind": raw["type"], "private": raw["private"],
            "status": "cancelled" if raw["status"] == "cancellation" else "agreed",
            "in_festival": raw["in_festival"], "other_location": raw["isOtherLocation"],
            "seats": [raw[f"amount_rank{rank}"] for rank in range(1, 11)],
        }
        for key, raw in remote.performances.there.items()
        if raw["production"]["id"] in in_sight
    }  # fmt: skip
    names = ("production__dip_id", "theater_id", "hall_id", "starts_at", "kind", "private", "status", "in_festival")
    found = _rows(Performance.objects.exclude(number=None), "number", *names, "other_location", "capacity")
    for values in found.values():
        values["seats"] = (values["capacity"] + [0] * 10)[:10]
    return _compare("performance", expected, found, remote.performances.listed)


# --- agreements ------------------------------------------------------------------------------------------------------
def _contracts(remote: RemoteWorld, *, deletions: bool) -> list[str]:
    raws = {key: remote.contract_as_shown(raw) for key, raw in remote.contracts.there.items()}
    names = (
        *CENTS, *SHARES, *YES_OR_NO, *LISTS, "tranches", "remarks", "type", "status", "production__dip_id",
        "producer_id", "theater_id", "contact_receiver", "contact_provider", "own_reference", "agency_as_provider",
        "first_at", "rejection_reason", "rejected_terms", "answer_source", "conflict_at", "number", "parent__dip_id",
        "root__dip_id",
    )  # fmt: skip
    found = _rows(Contract.objects.exclude(dip_id=None), "dip_id", *names)
    for values in found.values():
        values["plays"] = set()
    through = Contract.performances.through._default_manager.exclude(contract__dip_id=None)
    evenings: dict[int, list[tuple[str, dt.datetime]]] = {key: [] for key in found}
    for key, number, status, starts_at in through.values_list(
        "contract__dip_id", "performance__number", "performance__status", "performance__starts_at"
    ):
        found[key]["plays"].add(number)
        evenings[key].append((status, starts_at))
    expected = {key: _agreement(raw) for key, raw in raws.items()}
    for key, values in expected.items():
        if key in found:
            _as_far_as_it_goes(values, found[key], raws[key], evenings[key])
    wrong = _compare("agreement", expected, found, remote.contracts.listed, deletions=deletions)
    return [*wrong, *_lines(remote, found)]


def _agreement(raw: dict[str, Any]) -> dict[str, Any]:
    terms, rejected = raw["properties"], raw["status"] == "rejected"
    shown: dict[str, Any] = {name: terms.get(member) for name, member in CENTS.items()}
    shown |= {name: terms.get(member) for name, member in YES_OR_NO.items()}
    shown |= {name: terms[member] for name, member in LISTS.items()}
    shown |= {name: Decimal(str(terms[member])) if member in terms else None for name, member in SHARES.items()}
    tranches = [{"amount": one["amount"], "percentage": f"{one['percentage']:.2f}"} for one in terms.get("volumes", ())]
    return {
        **shown,
        "tranches": tranches if "volumes" in terms else None,
        "remarks": terms["remarks"].replace("\r\n", "\n"),
        "type": raw["type"], "status": raw["status"], "production__dip_id": raw["production"]["id"],
        "producer_id": raw["producer"]["id"], "theater_id": raw["theater"]["id"],
        "plays": {one["number"] for one in raw["performances"]},
        "contact_receiver": raw["contact_theater"], "contact_provider": raw["contact_producer"],
        "own_reference": raw["name"].split("[")[0].strip(), "agency_as_provider": raw["agencyAsProvider"],
        "rejection_reason": raw["reject_reason"].strip() if rejected else "",
        "rejected_terms": _rejected(raw) if rejected else [],
        "answer_source": "" if raw["status"] in ("concept", "proposed") else "dip",
        "conflict_at": None,
    }  # fmt: skip


def _rejected(raw: dict[str, Any]) -> list[str]:
    """In the order of the form: the terms behind the flags that are up."""
    up = {mark for mark, value in raw["rejection_fields"].items() if value}
    named = {
        "is_provider_guarantee_rejected": ["provider_guarantee"] if raw["type"] in GUARANTEED else [],
        "is_amount_rejected": [TYPE_OF_AMOUNT[raw["type"]]] if raw["type"] in TYPE_OF_AMOUNT else [],
        "is_ticket_price_rejected": ["entrance_prices", "settlement_prices"],
        "is_theater_surcharge_rejected": ["theater_surcharge"],
        "is_remark_rejected": ["remarks"],
        "is_start_time_rejected": ["start_time"],
    }
    order = [
        "buyout_amount", "rent", "suppletion_guarantee", "provider_guarantee", "entrance_prices", "settlement_prices",
        "theater_surcharge", "remarks", "start_time",
    ]  # fmt: skip
    terms = {term for mark in up for term in named[mark]}
    return [term for term in order if term in terms]


def _as_far_as_it_goes(
    values: dict[str, Any], row: dict[str, Any], raw: dict[str, Any], evenings: list[tuple[str, dt.datetime]]
) -> None:
    """What DIP does not tell, or what is equal here in more than one way."""
    agreed = [starts_at for status, starts_at in evenings if status == "agreed"]
    values["first_at"] = min(agreed or [starts_at for _status, starts_at in evenings], default=None)
    if raw["status"] == "approved" and row["status"] == "revised":
        # Here an approved revision replaces what it revises at once; DIP may go on calling that approved.
        values["status"] = "revised"
    for name in (*CENTS, *YES_OR_NO):
        if not row[name] and not values[name]:
            values[name] = row[name]


def _lines(remote: RemoteWorld, found: dict[int, dict[str, Any]]) -> list[str]:
    """Versions: under the first one, numbered by age, each following one before it; replaced only by a later yes."""
    wrong = []
    lines: dict[int, list[int]] = {}
    for key, raw in {**remote.contracts.gone, **remote.contracts.there}.items():
        if key not in found:
            continue
        root = raw["parentId"] if raw["parentId"] in found else key
        lines.setdefault(root, []).append(key)
        row, parent = found[key], found[key]["parent__dip_id"]
        if row["root__dip_id"] != root:
            wrong.append(f"agreement {key}: root is {row['root__dip_id']}, in DIP {root}")
        if (parent is None) != (root == key) or (parent is not None and not root <= parent < key):
            wrong.append(f"agreement {key} follows {parent}, in DIP it hangs under {root}")
    for root, keys in lines.items():
        numbers = [found[key]["number"] for key in sorted(keys)]
        if numbers != list(range(1, len(keys) + 1)):
            wrong.append(f"versions under {root} are numbered {numbers}")
        for key in keys:
            raw = remote.contracts.there.get(key)
            yes = [other for other in keys if other > key and found[other]["status"] in ("approved", "revised")]
            if raw and (raw["status"], found[key]["status"]) == ("approved", "revised") and not yes:
                wrong.append(f"agreement {key} is called revised, and nothing replaced it")
    return wrong


# --- what was seen is kept, and nothing is told twice ----------------------------------------------------------------
def _remembered(remote: RemoteWorld, *, deletions: bool) -> list[str]:
    in_sight = _in_sight(remote)
    shelves: dict[str, tuple[dict[Any, Any], Shelf]] = {
        "genre": (remote.genres.there, remote.genres),
        "producer": (remote.producers.there, remote.producers),
        "theater": (remote.theaters.there, remote.theaters),
        "production": (in_sight, remote.productions),
        "performance": (
            {key: raw for key, raw in remote.performances.there.items() if raw["production"]["id"] in in_sight},
            remote.performances,
        ),
    }
    wrong = []
    found: dict[str, dict[str, Any]] = {}
    for kind, key, raw, fault, missing in RemoteRecord.objects.values_list(
        "kind", "remote_id", "raw", "fault", "missing_since"
    ):
        found.setdefault(kind, {})[key] = {"raw": raw, "fault": fault, "missing": missing is not None}
    for kind, (there, shelf) in shelves.items():
        expected = {str(key): {"raw": raw, "fault": ""} for key, raw in there.items()}
        wrong += _compare(f"record of {kind}", expected, found.get(kind, {}), map(str, shelf.listed))
    # The dates in an agreement are the performances', and DIP gives no new stamp when one of those moves.
    for one in found.get("contract", {}).values():
        one["raw"] = {name: value for name, value in one["raw"].items() if name not in ("performances", "first_date")}
    agreements = {
        str(key): {
            "fault": "",
            "raw": {name: value for name, value in raw.items() if name not in ("performances", "first_date")},
        }
        for key, raw in remote.contracts.there.items()
    }
    listed = map(str, remote.contracts.listed)
    return wrong + _compare("record of agreement", agreements, found.get("contract", {}), listed, deletions=deletions)


def _told_twice() -> list[str]:
    codes = ("contract.approved", "contract.rejected", "contract.proposed")
    lines = Entry.objects.filter(code__in=codes, actor_kind="pull").values_list("code", "target_id")
    return [
        f"{code} of {target} was told {often} times" for (code, target), often in Counter(lines).items() if often > 1
    ]
