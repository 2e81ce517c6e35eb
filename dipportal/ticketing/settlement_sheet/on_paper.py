"""The sheet as a PDF, by the same typesetter as agreements. The template has no words."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import get_language, gettext, pgettext

from dipportal.contracts.paper import reference_of, typeset
from dipportal.contracts.paper.text import tidy
from dipportal.contracts.settlement import ESTIMATE
from dipportal.core.dates import moment
from dipportal.core.grouping import grouped
from dipportal.core.money import format_cents
from dipportal.ticketing.settlement_sheet.content import Counted, Line, Sheet

TEMPLATE = Path(__file__).with_name("sheet.typ")


def pdf(sheet: Sheet) -> bytes:
    """The same bytes for the same counts, in the language of the moment. Raises PaperError."""
    return typeset(content(sheet), template=TEMPLATE)


def content(sheet: Sheet) -> dict[str, Any]:
    """What the template prints, as plain data."""
    contract = sheet.contract
    made = {
        "lang": "nl" if (get_language() or "").startswith("nl") else "en",
        "timestamp": int(sheet.newest.timestamp()),
        "author": contract.provider.name,
        "title": f"{gettext('Settlement sheet')} · {sheet.title}",
        "state": sheet.state,
        "explanation": sheet.explanation,
        "facts": [list(pair) for pair in sheet.facts],
        "parties": sheet.parties,
        "notices": [{"title": one.title, "lines": list(one.lines)} for one in sheet.notices],
        "agreed": [[label, format_cents(amount)] for label, amount in sheet.agreed],
        "counts": _counts(sheet),
        "told": _told(sheet),
        "lines": [_line(one) for one in sheet.lines],
        "nothing": sheet.nothing,
        "base": sheet.base,
        "evenings": _evenings(sheet),
        "words": {
            "page": gettext("page"),
            "of": pgettext("page 1 of 2", "of"),
            "running": f"{reference_of(contract)} · {gettext('Settlement sheet')} · {sheet.state}",
            "parties": gettext("Parties"),
            "agreed": gettext("Agreed amounts"),
            "settlement": gettext("Settlement"),
            "base": gettext("The base of the sums"),
        },
    }
    tidied: dict[str, Any] = tidy(made)
    return tidied


def euros(amount: Decimal) -> str:
    return format_cents(int(amount * 100))


def _line(line: Line) -> dict[str, Any]:
    return {
        "label": line.label,
        "words": f"{line.words} ({line.rule})",
        "amount": euros(line.amount),
        "mark": str(ESTIMATE) if line.estimate else "",
        "strong": line.strong,
    }


def _counts(sheet: Sheet) -> dict[str, Any]:
    head = [gettext("Performance"), *sheet.kinds, gettext("Tickets"), gettext("Paid"), gettext("Revenue")]
    return {
        "label": gettext("What was counted"),
        "head": [*head, gettext("Source and moment")],
        "rows": [_row(one) for one in sheet.counted],
    }


def _row(one: Counted) -> dict[str, Any]:
    when = f"{one.source}, {moment(one.counted_at)}" if one.counted_at else "–"
    numbers = [_number(number) for number in (*one.kinds, one.tickets, one.paid)]
    revenue = format_cents(one.revenue) or "–"
    return {"what": f"{one.when} · {one.hall} · {one.dip_id}", "note": one.note, "cells": [*numbers, revenue, when]}


def _number(number: int | None) -> str:
    return "–" if number is None else grouped(number)


def _told(sheet: Sheet) -> dict[str, Any]:
    """Each source beside the others: only where two of them do not say the same."""
    rows = sheet.told if sheet.disagrees else ()
    return {
        "label": gettext("What each source tells"),
        "head": [
            gettext("Performance"), gettext("Source"), gettext("Tickets"), gettext("Revenue"), gettext("Counted"),
            gettext("Counted here"),
        ],
        "rows": [
            [
                one.when, one.source, grouped(one.tickets), format_cents(one.revenue), moment(one.counted_at),
                gettext("yes") if one.used else gettext("no"),
            ]
            for one in rows
        ],
    }  # fmt: skip


def _evenings(sheet: Sheet) -> dict[str, Any]:
    head = [
        gettext("Performance"),
        gettext("Revenue"),
        gettext("Net revenue"),
        gettext("Provider"),
        gettext("Receiver"),
    ]
    rows = [
        [
            moment(one.played.performance.starts_at),
            *("–" if amount is None else euros(amount) for amount in (one.net.box_office, one.net.net)),
            *("–" if amount is None else euros(amount) for amount in (one.provider, one.receiver)),
        ]
        for one in sheet.evenings
        if one.net is not None
    ]
    return {"label": gettext("For each performance"), "head": head, "rows": rows, "note": sheet.not_divided}
