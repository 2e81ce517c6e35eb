"""DIP's records with our names and types. Which member of DIP each comes from is known to wire.py only.

None of them is changed once it is made. Those that an agreement is made of are not frozen all the same: a pull of all
agreements makes thousands of them, and a frozen one takes twice as long to make.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus
from dipportal.contracts.enums import Status
from dipportal.ticketing.enums import TicketKind

Raw = Mapping[str, Any]
Record = TypeVar("Record")


@dataclass(frozen=True)
class Fault:
    """A record that could not be read, whole, with the reason; `remote_id` is '' when it has none."""

    raw: Any
    reason: str
    remote_id: str = ""


@dataclass(frozen=True)
class Parsed(Generic[Record]):
    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class NamedRecord:
    """A hall or a genre."""

    id: int
    name: str
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(slots=True)
class ProducerRecord:
    id: int
    name: str
    kind: str
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(frozen=True)
class TheaterRecord:
    id: int
    name: str
    street: str
    house_number: str
    postal_code: str
    city: str
    province: str
    kind: str
    dip_member: bool
    halls: tuple[NamedRecord, ...]
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(frozen=True)
class ProductionRecord:
    id: str
    title: str
    season: str
    season_start: dt.datetime | None
    genre: NamedRecord | None
    producer: ProducerRecord | None
    co_producers: tuple[ProducerRecord, ...]
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(frozen=True)
class PerformanceRecord:
    """`status` and `kind` are ours, or None for a value that is not known here (see `raw_status`, `raw_kind`)."""

    number: int
    starts_at: dt.datetime
    status: PerformanceStatus | None
    raw_status: str
    kind: PerformanceKind | None
    raw_kind: str
    private: bool
    in_festival: bool
    other_location: bool
    capacity: tuple[int, ...]
    production_id: str
    production_title: str
    theater: NamedRecord
    hall: NamedRecord | None
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(slots=True)
class ContractRecord:
    """An agreement. `terms` has our names; a member that DIP left out is left out here too.

    `type` may be one that is not known here; then `terms` is empty. `status` is None for an unknown one.
    `rejected_terms` are the terms behind the flags that are up; flags of no term stand in `other_flags`.
    """

    id: int
    type: str
    name: str
    reference: str
    status: Status | None
    raw_status: str
    rejection_reason: str
    modified_at: dt.datetime | None
    contact_receiver: str
    contact_provider: str
    agency_as_provider: bool
    agency: NamedRecord | None
    producer: ProducerRecord | None
    theater: NamedRecord
    production_id: str
    production_title: str
    first_at: dt.datetime | None
    performances: tuple[tuple[int, dt.datetime | None], ...]
    terms: Mapping[str, Any]
    rejected_terms: tuple[str, ...]
    other_flags: tuple[str, ...]
    child_ids: tuple[int, ...]
    parent_id: int | None
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(slots=True)
class PlayedCount:
    """A number of one performance: tickets, reservations or blocked seats, by what was asked for."""

    number: int
    tickets: int
    revenue_cents: int | None
    counted_at: dt.datetime | None


@dataclass(slots=True)
class TheaterCounts:
    """The numbers of one production in one theater."""

    theater_id: int
    performances: tuple[PlayedCount, ...]
    raw: Raw = field(repr=False, compare=False, default_factory=dict)


@dataclass(slots=True)
class Split:
    """The tickets of one performance by kind; `cents` is None where only the revenue of all kinds together is known."""

    tickets: Mapping[TicketKind, int]
    cents: Mapping[TicketKind, int] | None
