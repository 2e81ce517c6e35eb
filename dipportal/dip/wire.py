"""The wire format of DIP: with wire_counts.py and wire_peek.py the only one that spells its paths and member names.

Reading: `parse_*` turn what DIP answers into typed records with our names. One bad record never spoils a list: it is
set aside with its reason. Unknown members and values survive in `raw`. Writing: `body_for_*` build what DIP is sent.
Plain values are read in values.py, the records stand in records.py, and state.py compares them with ours.

ASSUMED marks what is not known for certain; docs/dip-api.md lists each with its reason.
"""

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus, VenueKind
from dipportal.catalogue.models import RANKS, Performance, Production
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import START_TIME, Term, Unit, terms_of
from dipportal.dip.members import as_record, maybe, need, number_of, part_of, text_of
from dipportal.dip.records import (
    ContractRecord,
    Fault,
    NamedRecord,
    Parsed,
    PerformanceRecord,
    ProducerRecord,
    ProductionRecord,
    Raw,
    Record,
    TheaterRecord,
)
from dipportal.dip.values import Unreadable, flag, listing, parse_moment, percent, stamp, whole

# --- paths ---------------------------------------------------------------------------------------------------
TOKEN = "/token"  # noqa: S105 - a path
THEATERS = "/theaters"
PRODUCERS = "/producers"
GENRES = "/genres"
CONTRACTS = "/contracts"


def productions_path(producer_id: int) -> str:
    """ASSUMED for writing: a new one is sent with POST to the list."""
    return f"/producers/{producer_id}/productions"


def production_path(producer_id: int, production_id: str) -> str:
    """ASSUMED for writing: by analogy with the path of reading."""
    return f"{productions_path(producer_id)}/{quote(production_id, safe='')}"


def performances_path(producer_id: int, production_id: str) -> str:
    """ASSUMED for writing: a new one is sent with POST to the list."""
    return f"{production_path(producer_id, production_id)}/performances"


def performance_path(producer_id: int, production_id: str, number: int) -> str:
    """ASSUMED: by analogy with the path of reading."""
    return f"{performances_path(producer_id, production_id)}/{number}"


def theater_path(theater_id: int) -> str:
    """One theater. ASSUMED: a theater's ticketing credential may read it, as everybody may read the general data."""
    return f"/theaters/{theater_id}"


def contracts_of_production_path(production_id: str) -> str:
    return f"{CONTRACTS}/{quote(production_id, safe='')}"


def contract_create_path(kind: str) -> str:
    """ASSUMED: this call and the next two are open to a producer too; DIP's document describes them as for agencies."""
    return f"{CONTRACTS}/{kind}/create"


def contract_update_path(contract_id: int, kind: str) -> str:
    return f"{CONTRACTS}/{contract_id}/{kind}/update"


def contract_revise_path(contract_id: int, kind: str) -> str:
    """Of the approved agreement. ASSUMED: the body is that of a create, and the answer the new record or its id."""
    return f"{CONTRACTS}/{contract_id}/{kind}/revise"


def contract_propose_path(contract_id: int) -> str:
    return f"{CONTRACTS}/{contract_id}/propose"


def modified_since(moment: dt.datetime) -> dict[str, str]:
    return {"modifiedSince": stamp(moment)}


def season_window(first: dt.date, last: dt.date) -> dict[str, str]:
    """Without a window only the running season comes back. ASSUMED: plain dates will do."""
    return {"startDate": first.isoformat(), "endDate": last.isoformat()}


def token_form(client_id: str, secret: str) -> dict[str, str]:
    return {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials"}


def token_in(body: Any) -> tuple[str, int | None]:
    """The token and its life in seconds, if told. ASSUMED: plain OAuth names. Raises Unreadable."""
    token = body.get("access_token") if isinstance(body, dict) else None
    # One that fits in no header would be told in full by the error about it.
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise Unreadable(_("the answer holds no token"))
    life = body.get("expires_in")
    return token, int(life) if isinstance(life, int | float) and not isinstance(life, bool) else None


def error_in(body: Any) -> str | None:
    """DIP's own words in an error answer, or None when it is no answer of DIP's."""
    if not isinstance(body, dict):
        return None
    for member in ("error_description", "error"):
        if isinstance(body.get(member), str) and body[member].strip():
            return str(body[member]).strip()
    return None


def id_in(body: Any) -> str | None:
    """The id in an answer to a write. ASSUMED: that is the record or the bare id."""
    found = body.get("id") if isinstance(body, dict) else body
    if isinstance(found, str | int) and not isinstance(found, bool) and str(found).strip():
        return str(found).strip()
    return None


def status_in(raw: Raw) -> str:
    """The status of an agreement or a performance, as DIP spells it; '' when it has none."""
    return text_of(raw, "status")


def proposed(raw: Raw) -> dict[str, Any]:
    """A concept as it looks after DIP said yes to proposing it, for when DIP answered with the bare id."""
    return {**raw, "status": "proposed"}


def parse_list(body: Any, read: Callable[[Raw], Record]) -> Parsed[Record]:
    """Every record that can be read, and the others with their reason. Raises Unreadable when it is no list."""
    parsed: Parsed[Record] = Parsed()
    for raw in listing(body):
        try:
            parsed.records.append(read(as_record(raw)))
        except Unreadable as error:
            parsed.faults.append(Fault(raw, str(error), id_in(raw) or ""))
    return parsed


# --- reference data, productions, performances --------------------------------------------------------------
def parse_named(raw: Raw) -> NamedRecord:
    return NamedRecord(id=number_of(raw, "id"), name=text_of(raw, "name"), raw=raw)


def parse_producer(raw: Raw) -> ProducerRecord:
    return ProducerRecord(id=number_of(raw, "id"), name=text_of(raw, "name"), kind=text_of(raw, "type"), raw=raw)


_VENUES = {"Theater": VenueKind.THEATER, "Festival": VenueKind.FESTIVAL, "Other": VenueKind.OTHER}


def parse_theater(raw: Raw) -> TheaterRecord:
    return TheaterRecord(
        id=number_of(raw, "id"),
        name=text_of(raw, "name"),
        street=text_of(raw, "street"),
        house_number=text_of(raw, "number"),
        postal_code=text_of(raw, "zipcode"),
        city=text_of(raw, "city"),
        province=text_of(part_of(raw, "province"), "name"),
        kind=_VENUES.get(text_of(raw, "type"), VenueKind.OTHER),
        dip_member=bool(maybe(raw, "dip_member", flag)),
        halls=tuple(parse_named(hall) for hall in maybe(raw, "theater_locations", listing) or ()),
        raw=raw,
    )


def parse_production(raw: Raw) -> ProductionRecord:
    production_id = text_of(raw, "id").strip()
    if not production_id:
        raise Unreadable(_("%(member)s is missing") % {"member": "id"})
    return ProductionRecord(
        id=production_id,
        title=text_of(raw, "title"),
        season=text_of(raw, "season"),
        season_start=maybe(raw, "startDate", parse_moment),
        genre=parse_named(part_of(raw, "genre")) if raw.get("genre") else None,
        producer=parse_producer(part_of(raw, "producer")) if raw.get("producer") else None,
        co_producers=tuple(parse_producer(one) for one in maybe(raw, "co_producers", listing) or ()),
        raw=raw,
    )


_PERFORMANCE_STATUS = {"agreed": PerformanceStatus.AGREED, "cancellation": PerformanceStatus.CANCELLED}
_PERFORMANCE_STATUS_NAME = {ours: theirs for theirs, ours in _PERFORMANCE_STATUS.items()}
_PERFORMANCE_KIND = {str(kind): kind for kind in PerformanceKind}


def parse_performance(raw: Raw) -> PerformanceRecord:
    number = "number" if raw.get("number") is not None else "id"
    return PerformanceRecord(
        number=need(raw, number, whole),
        starts_at=need(raw, "date", parse_moment),
        status=_PERFORMANCE_STATUS.get(text_of(raw, "status")),
        raw_status=text_of(raw, "status"),
        kind=_PERFORMANCE_KIND.get(text_of(raw, "type")),
        raw_kind=text_of(raw, "type"),
        private=bool(maybe(raw, "private", flag)),
        in_festival=bool(maybe(raw, "in_festival", flag)),
        other_location=bool(maybe(raw, "isOtherLocation", flag)),
        capacity=_trimmed(maybe(raw, f"amount_rank{rank}", whole) or 0 for rank in range(1, RANKS + 1)),
        production_id=text_of(part_of(raw, "production"), "id"),
        production_title=text_of(part_of(raw, "production"), "title"),
        theater=need(raw, "theater", parse_named),
        hall=maybe(raw, "theater_location", parse_named),
        raw=raw,
    )


def _trimmed(seats: Iterable[int]) -> tuple[int, ...]:
    """Without the empty ranks at the end."""
    ranks = list(seats)
    while ranks and not ranks[-1]:
        ranks.pop()
    return tuple(ranks)


# --- agreements ------------------------------------------------------------------------------------------------
# Our term names and DIP's members of `properties`; in a body the same in camelCase (ASSUMED, but producerWarranty).
MEMBERS = {
    "provider_share": "partage_percentage",
    "buyout_amount": "buyout_amount",
    "rent": "rent",
    "other_costs": "other_charges",
    "tranches": "volumes",
    "shared_costs": "shared_costs",
    "suppletion_amount": "suppletion",
    "suppletion_guarantee": "warranty",
    "provider_guarantee": "producer_warranty",
    "receiver_guarantee": "theater_warranty",
    "guarantee_per_performance": "warranty_per_performance",
    "copyright_percentage": "royalties_percentage",
    "copyright_part_added": "royalties_add_part_percentage",
    "entrance_prices": "entrance_pricing",
    "settlement_prices": "settlement_pricing",
    "theater_surcharge": "theater_fee",
    "consumption_surcharge": "consumption_fee",
    "service_surcharge": "service_fee",
    "wardrobe_surcharge": "wardrobe_fee",
    "theater_technicians": "theater_technicians",
    "provider_technicians": "producer_technicians",
    "standing_agreement": "mantel_agreement",
    "remarks": "remarks",
}
_CONTRACT_STATUS = {
    "concept": Status.CONCEPT,
    "proposed": Status.PROPOSED,
    "approved": Status.APPROVED,
    "rejected": Status.REJECTED,
    "revised": Status.REVISED,
    # A left-over of DIP's predecessor: superseded there by a later version.
    "revised-in-pki": Status.REVISED,
}
# ASSUMED: what 'amount' means where the type has no term of that flag.
_FLAGS_BY_TYPE: dict[tuple[str, str], str] = {
    ("amount", ContractType.BUYOUT): "buyout_amount",
    ("amount", ContractType.RENT): "rent",
}
_FLAG_MEMBER = re.compile(r"^is_(\w+)_rejected$")
# Where the name stands in a remembered record, and what a name with our reference has in it.
NAME_IN_RAW = "raw__name"
REFERENCE_MARK = "DP-"
_REFERENCE = re.compile(r"(?:^|\[)(DP-[0-9A-Z]{10})(?:\]|$)")


def name_for(reference: str, own_reference: str) -> str:
    """What travels as the agreement's name, DIP's 'kenmerk eigen systeem'; with it a record is found again."""
    if own_reference and reference:
        return f"{own_reference} [{reference}]"
    return own_reference or reference


def reference_in(name: str) -> str:
    """Our reference in a name, or ''."""
    found = _REFERENCE.search(name.strip())
    return found.group(1) if found else ""


def own_reference_in(name: str) -> str:
    """What the user wrote, without our reference."""
    reference = reference_in(name)
    text = name.strip()
    return text.removesuffix(f"[{reference}]").strip().removesuffix(reference).strip() if reference else text


def contract_status(raw_status: str) -> Status | None:
    """What DIP's word means here; None for an unknown one."""
    return _CONTRACT_STATUS.get(raw_status)


def parse_contract(raw: Raw) -> ContractRecord:
    kind = text_of(raw, "type")
    status = text_of(raw, "status")
    rejected, others = _rejected(kind, part_of(raw, "rejection_fields"))
    return ContractRecord(
        id=number_of(raw, "id"),
        type=kind,
        name=text_of(raw, "name"),
        reference=reference_in(text_of(raw, "name")),
        status=_CONTRACT_STATUS.get(status),
        raw_status=status,
        rejection_reason=text_of(raw, "reject_reason"),
        modified_at=maybe(raw, "modified", parse_moment),
        contact_receiver=text_of(raw, "contact_theater"),
        contact_provider=text_of(raw, "contact_producer"),
        agency_as_provider=bool(maybe(raw, "agencyAsProvider", flag)),
        agency=maybe(raw, "agency", parse_named),
        producer=maybe(raw, "producer", parse_producer),
        theater=need(raw, "theater", parse_named),
        production_id=text_of(part_of(raw, "production"), "id"),
        production_title=text_of(part_of(raw, "production"), "title"),
        first_at=maybe(raw, "first_date", parse_moment),
        performances=tuple(
            (number_of(one, "number"), maybe(one, "date", parse_moment))
            for one in maybe(raw, "performances", listing) or ()
        ),
        terms=_terms(kind, part_of(raw, "properties")),
        rejected_terms=rejected,
        other_flags=others,
        child_ids=tuple(whole(child) for child in maybe(raw, "childIds", listing) or ()),
        parent_id=maybe(raw, "parentId", whole) or None,
        raw=raw,
    )


def _terms(kind: str, properties: Raw) -> dict[str, Any]:
    terms = {}
    for name, member, read in _terms_read(kind):
        if member in properties:
            value = properties[member]
            try:
                terms[name] = None if value is None else read(value)
            except Unreadable as error:
                raise Unreadable(f"{member}: {error}") from error
    return terms


@functools.lru_cache(maxsize=64)
def _terms_read(kind: str) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    return tuple((term.name, MEMBERS[term.name], _READERS[term.unit]) for term in terms_of(kind))


def _tranche(row: Any) -> dict[str, Any]:
    return {"amount": need(row, "amount", whole), "percentage": f"{need(row, 'percentage', percent):.2f}"}


_READERS: dict[Unit, Callable[[Any], Any]] = {
    Unit.CENTS: whole,
    Unit.COUNT: whole,
    Unit.PERCENT: percent,
    Unit.FLAG: flag,
    Unit.TEXT: str,
    Unit.PRICES: lambda value: [whole(price) for price in listing(value)],
    Unit.TRANCHES: lambda value: [_tranche(row) for row in listing(value)],
}


def _rejected(kind: str, fields: Raw) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The terms behind the flags that are up, in the order of the table, and the flags that belong to none."""
    up = [member for member, value in fields.items() if value is True]
    if not up:
        return (), ()
    terms: list[str] = []
    others: list[str] = []
    for member in up:
        found = _FLAG_MEMBER.match(member)
        named = terms_of_flag(kind, found.group(1)) if found else ()
        terms.extend(named)
        if not named:
            others.append(member)
    order = [term.name for term in terms_of(kind)]
    return tuple(name for name in (*order, START_TIME) if name in terms), tuple(others)


def terms_of_flag(kind: str, mark: str) -> tuple[str, ...]:
    if mark == START_TIME:
        return (START_TIME,)
    named = tuple(term.name for term in terms_of(kind) if mark in term.flags)
    other = _FLAGS_BY_TYPE.get((mark, kind))
    return named or ((other,) if other else ())


# --- bodies ----------------------------------------------------------------------------------------------------
def camel(member: str) -> str:
    first, *rest = member.split("_")
    return first + "".join(part.capitalize() for part in rest)


def body_for_contract(contract: Contract, *, production_id: str, numbers: Iterable[int]) -> dict[str, Any]:
    """The body of create and update: the terms of the type only. ASSUMED, by analogy with the reading names.

    Every term is sent, empty ones as 0, false or '', because it is not known whether a member left out keeps its value.
    """
    return {
        "name": name_for(contract.reference, contract.own_reference),
        "productionNumber": production_id,
        "theaterId": contract.theater_id,
        "performanceNumbers": sorted(numbers),
        "contactTheater": contract.contact_receiver,
        "contactProducer": contract.contact_provider,
        "agencyAsProvider": contract.agency_as_provider,
        "properties": {
            camel(MEMBERS[term.name]): _written(term, term.value(contract)) for term in terms_of(contract.type)
        },
    }


def _written(term: Term, value: Any) -> Any:
    if term.unit is Unit.PERCENT:
        return float(value or 0)
    if term.unit is Unit.TRANCHES:
        return [{"amount": row["amount"], "percentage": float(row["percentage"])} for row in value or []]
    if term.unit is Unit.COUNT:
        return value
    return value if value is not None else {Unit.CENTS: 0, Unit.FLAG: False, Unit.TEXT: "", Unit.PRICES: []}[term.unit]


def body_for_propose() -> dict[str, Any]:
    """ASSUMED: nothing has to be said beside the number in the path."""
    return {}


def body_for_production(production: Production, *, co_producer_ids: Iterable[int]) -> dict[str, Any]:
    """ASSUMED throughout: DIP's articles say that productions are entered through the API, but not how."""
    return {
        "title": production.title,
        "season": production.season,
        "genreId": production.genre_id,
        "coProducerIds": sorted(co_producer_ids),
    }


def body_for_performance(performance: Performance) -> dict[str, Any]:
    """ASSUMED throughout, as body_for_production; also that null is how 'no hall' is said."""
    seats = [*performance.capacity, *[0] * RANKS][:RANKS]
    return {
        "date": stamp(performance.starts_at),
        "theaterId": performance.theater_id,
        "theaterLocationId": performance.hall_id,
        "status": _PERFORMANCE_STATUS_NAME[PerformanceStatus(performance.status)],
        "type": str(performance.kind),
        "private": performance.private,
        "inFestival": performance.in_festival,
        "isOtherLocation": performance.other_location,
        **{camel(f"amount_rank{rank}"): number for rank, number in enumerate(seats, start=1)},
    }
