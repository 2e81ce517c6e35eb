"""Dutch ways of writing dates and amounts, for the dashboard's templates."""

from __future__ import annotations

from collections.abc import Callable
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


def _percentage(value: float) -> str:
    return f"{value:g} %".replace(".", ",")


def _prices(value: list[int]) -> str:
    return ", ".join(euros(price) for price in value)


def _volumes(value: list[dict[str, Any]]) -> str:
    return "; ".join(f"tot {euros(row['amount'])}: {_percentage(row['percentage'])}" for row in value)


_WRITERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(terms.PERCENTAGES, _percentage),
    **dict.fromkeys(terms.AMOUNTS, euros),
    "settlement_pricing": _prices,
    "entrance_pricing": _prices,
    "volumes": _volumes,
}


def term_text(name: str, value: Any) -> str:
    """One term as a person reads it."""
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return "ja" if value else "nee"
    return _WRITERS.get(name, str)(value)
