"""Dutch ways of writing dates and amounts, for the dashboard's templates."""

from __future__ import annotations

from typing import Any

from django import template

from dipportal.sandbox import clock, terms

register = template.Library()
_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@register.filter
def moment(text: str) -> str:
    when = clock.parse(text)
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}"


@register.filter
def euros(cents: int) -> str:
    text = f"{cents / 100:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"€ {text}"


@register.filter
def status_label(status: str) -> str:
    return terms.STATUS_LABELS.get(status, status)


@register.filter
def type_label(contract_type: str) -> str:
    return terms.TYPE_LABELS.get(contract_type, contract_type)


def term_text(name: str, value: Any) -> str:
    """One term as a person reads it."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if name in terms.PERCENTAGES:
        return f"{value:g} %".replace(".", ",")
    if name in terms.AMOUNTS:
        return euros(value)
    if name in ("settlement_pricing", "entrance_pricing"):
        return ", ".join(euros(price) for price in value)
    if name == "volumes":
        return "; ".join(f"tot {euros(row['amount'])}: {row['percentage']:g} %" for row in value)
    return str(value)
