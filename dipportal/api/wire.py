"""What goes over the line: the members of each body, in DIP's spelling where DIP has them, and what they mean here.

A ticketing system that reports to DIP knows these bodies already: `counts` by type, with `tickets` and `recette` in
cents. What DIP has not (its own number, reservations in the same body, when it was counted) is added in camel case.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from dipportal.api.errors import Refused, Row, rows_of
from dipportal.api.fields import REQUIRED, Moment, ProductionId, Strict, Text, Whole
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.ticketing.actions import MOST_AT_ONCE
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.monitor import Sold
from dipportal.ticketing.rules import MOST_CENTS, MOST_TICKETS
from dipportal.ticketing.system_reports import Fault, Outcome

TICKETS, RESERVATIONS, BLOCKED = "tickets/cumulative", "reservations/cumulative", "blockedseats/cumulative"
# What stands in the answers of this API as DIP has it.
ERROR, DESCRIPTION = "error", "error_description"


# --- what is told -----------------------------------------------------------------------------------------------
class TypeCountSerializer(Strict):
    """Tickets of one type that visitors have now, and what was paid for all of them, in cents."""

    type = serializers.ChoiceField(
        choices=TicketKind.choices,
        error_messages={
            **REQUIRED,
            "invalid_choice": gettext_lazy("This is no type: normal, discount, free, other or complimentary."),
        },
        help_text="What each of them means stands in docs/api.md.",
    )
    tickets = Whole(min_value=0, max_value=MOST_TICKETS)
    recette = Whole(min_value=0, max_value=MOST_CENTS, help_text="Cents, with theater surcharge and VAT.")


class Counts(serializers.ListSerializer[Any]):
    """One entry a type; a type that is left out is 0."""

    default_error_messages = {
        **REQUIRED,
        "not_a_list": gettext_lazy("This is not a list."),
        "empty": gettext_lazy("Name at least one type, if need be with 0 tickets."),
        "max_length": gettext_lazy("There are five types, each of which stands here once."),
    }

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().to_internal_value(data)
        if len({one["type"] for one in found}) != len(found):
            raise ValidationError({"non_field_errors": [self.error_messages["max_length"]]}, code="twice")
        return found


def _counts(*, required: bool) -> Counts:
    return Counts(
        child=TypeCountSerializer(), allow_empty=False, max_length=len(TicketKind), required=required, allow_null=False
    )


class PerformanceNamed(Strict):
    """A performance by its two numbers in DIP, or by its number in the theater's own system."""

    productionNumber = ProductionId(required=False, max_length=40, help_text="Production id of DIP.")
    performanceNumber = Whole(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Number of the performance in DIP."
    )
    systemNumber = Text(
        required=False,
        max_length=60,
        help_text="Its number in the theater's own system. Told along with both numbers of DIP it is kept, and from"
        " then on enough by itself.",
    )

    def validate(self, attrs: Any) -> Any:
        by_dip = {"productionNumber", "performanceNumber"} & set(attrs)
        if len(by_dip) == 1 or not (by_dip or "systemNumber" in attrs):
            text = _("Name the performance: by productionNumber and performanceNumber, or by systemNumber.")
            raise ValidationError(text, code="no_performance")
        return attrs


class TicketsSerializer(PerformanceNamed):
    """Running totals of the tickets of one performance."""

    counts = _counts(required=True)
    reservations = Whole(required=False, min_value=0, max_value=MOST_TICKETS)
    blockedSeats = Whole(required=False, min_value=0, max_value=MOST_TICKETS)
    countedAt = Moment(required=False, help_text="When it was counted, with its offset. Left out: now.")


class PlacesSerializer(PerformanceNamed):
    """Running total of reservations, or of blocked seats: `tickets`, or by type in `counts`. One of the two."""

    tickets = Whole(required=False, min_value=0, max_value=MOST_TICKETS)
    counts = _counts(required=False)

    def validate(self, attrs: Any) -> Any:
        if ("tickets" in attrs) == ("counts" in attrs):
            text = _("Tell the places as one number in tickets, or by type in counts: one of the two.")
            raise ValidationError(text, code="places")
        if places(attrs) > MOST_TICKETS:
            raise ValidationError({"counts": [_("These are too many together.")]}, code="max_value")
        return super().validate(attrs)


def places(row: Mapping[str, Any]) -> int:
    if "tickets" in row:
        return int(row["tickets"])
    return sum(one["tickets"] for one in row["counts"])


@dataclass(frozen=True)
class Read:
    """One row as it was read. `production` and `number` are both given, or neither; '' and None: not given."""

    production: str = ""
    number: int | None = None
    system_number: str = ""
    kinds: Mapping[TicketKind, tuple[int, int]] | None = None
    reservations: int | None = None
    blocked_seats: int | None = None
    counted_at: dt.datetime | None = None


def read(body: Any, path: str) -> list[Read]:
    """The rows of a body: one object, or a list of them. Raises Refused with what is wrong in each row."""
    rows = body if isinstance(body, list) else [body]
    if len(rows) > MOST_AT_ONCE:
        raise Refused("too_many", _("Tell at most 1,000 counts at once."))
    if not rows:
        raise Refused("empty", _("There is nothing in the list."))
    shape = TicketsSerializer() if path == TICKETS else PlacesSerializer()
    found, wrong = [], []
    for index, row in enumerate(rows):
        try:
            found.append(_read(shape.run_validation(row), path))
        except ValidationError as refusal:
            wrong += rows_of(index, refusal.detail)
    if wrong:
        raise Refused("invalid", _("Nothing was taken in: see what is wrong in which row."), rows=wrong)
    return found


def _read(row: Mapping[str, Any], path: str) -> Read:
    told: dict[str, Any] = {
        "production": row.get("productionNumber", ""),
        "number": row.get("performanceNumber"),
        "system_number": row.get("systemNumber", ""),
    }
    if path == RESERVATIONS:
        return Read(**told, reservations=places(row))
    if path == BLOCKED:
        return Read(**told, blocked_seats=places(row))
    kinds = {TicketKind(one["type"]): (one["tickets"], one["recette"]) for one in row["counts"]}
    return Read(
        **told,
        kinds=kinds,
        reservations=row.get("reservations"),
        blocked_seats=row.get("blockedSeats"),
        counted_at=row.get("countedAt"),
    )


# How the fields of a report are called in these bodies.
_MEMBERS = {
    **dict.fromkeys([*TicketKind.values, "revenue_cents"], "counts"),
    "blocked_seats": "blockedSeats",
    "counted_at": "countedAt",
    "number": "systemNumber",
}


def refused(faults: Mapping[int, Sequence[Fault]]) -> Refused:
    """409 when nothing is wrong with the rows themselves, but with what is known already."""
    rows = [
        Row(index, fault.code, fault.sentence, _MEMBERS.get(fault.field, fault.field))
        for index, found in faults.items()
        for fault in found
    ]
    stands = all(fault.stands for found in faults.values() for fault in found)
    code = "conflict" if stands else "invalid"
    sentence = _("Nothing was taken in: see what is wrong in which row.")
    return Refused(code, sentence, status=409 if stands else 400, rows=rows)


# --- what is answered -------------------------------------------------------------------------------------------
class WarningSerializer(serializers.Serializer[Any]):
    """Taken in, though it is unlikely: look once more."""

    row = serializers.IntegerField(help_text="Place in the list, from 0.")
    warning = serializers.CharField(help_text="tickets, seats, fewer or revenue.")
    warning_description = serializers.CharField()


class TakenInSerializer(serializers.Serializer[Any]):
    """All was taken in."""

    rows = serializers.IntegerField(help_text="How many were told.")
    changed = serializers.IntegerField(help_text="How many of them were news.")
    linked = serializers.IntegerField(help_text="How many performances got their number of the own system now.")
    warnings = WarningSerializer(many=True)


class FaultSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="Place in the list, from 0.")
    field = serializers.CharField(help_text="The member that is wrong, as counts.1.tickets; '' for the row as a whole.")
    error = serializers.CharField()
    error_description = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """Nothing was taken in. `error` is a code for programs, `error_description` a sentence for people."""

    error = serializers.CharField()
    error_description = serializers.CharField()
    rows = FaultSerializer(many=True, required=False)


class HallSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class LastCountSerializer(serializers.Serializer[Any]):
    """The newest count that is known, from whatever source."""

    source = serializers.ChoiceField(choices=Source.choices)  # type: ignore[assignment]
    tickets = serializers.IntegerField()
    recette = serializers.IntegerField(help_text="Cents.")
    reservations = serializers.IntegerField(allow_null=True)
    blockedSeats = serializers.IntegerField(allow_null=True)
    countedAt = serializers.DateTimeField()


@extend_schema_serializer(component_name="Performance")
class PerformanceSerializer(serializers.Serializer[Any]):
    """One performance of the theater."""

    dipId = serializers.CharField(help_text="Both numbers of DIP with a bar between them.")
    productionNumber = serializers.CharField()
    performanceNumber = serializers.IntegerField()
    title = serializers.CharField()
    startsAt = serializers.DateTimeField()
    hall = HallSerializer(allow_null=True)
    seats = serializers.IntegerField(allow_null=True)
    status = serializers.ChoiceField(choices=PerformanceStatus.choices)
    systemNumber = serializers.CharField(allow_null=True)
    count = LastCountSerializer(allow_null=True)


def taken_in(rows: int, outcome: Outcome) -> dict[str, Any]:
    warnings = [
        {"row": index, "warning": doubt.code, "warning_description": doubt.sentence}
        for index, doubts in outcome.doubts.items()
        for doubt in doubts
    ]
    return {"rows": rows, "changed": outcome.changed, "linked": outcome.linked, "warnings": warnings}


def error(code: str, sentence: str, rows: Sequence[Row] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {ERROR: code, DESCRIPTION: sentence}
    if rows:
        found["rows"] = [
            {"row": row.index, "field": row.field, ERROR: row.code, DESCRIPTION: row.sentence} for row in rows
        ]
    return found


def performance(sold: Sold, system_number: str | None) -> dict[str, Any]:
    one: Performance = sold.performance
    return {
        "dipId": one.dip_id,
        "productionNumber": one.production.dip_id,
        "performanceNumber": one.number,
        "title": one.production.title,
        "startsAt": _moment(one.starts_at),
        "hall": {"id": one.hall.pk, "name": one.hall.name} if one.hall is not None else None,
        "seats": one.seats or None,
        "status": one.status,
        "systemNumber": system_number,
        "count": _count(sold.told),
    }


def _count(count: TicketCount | None) -> dict[str, Any] | None:
    if count is None or count.counted_at is None:
        return None
    return {
        "source": count.source,
        "tickets": count.tickets,
        "recette": count.revenue_cents,
        "reservations": count.reservations,
        "blockedSeats": count.blocked_seats,
        "countedAt": _moment(count.counted_at),
    }


def _moment(value: dt.datetime) -> str:
    return timezone.localtime(value).isoformat(timespec="seconds")
