"""Template filters: money, percentages and dates as the readers write them."""

import datetime as dt
from decimal import Decimal

from django import template

from dipportal.core import dates, money

register = template.Library()


@register.filter(name="money")
def money_filter(cents: int | None) -> str:
    """Cents (int) → '€ 6.500,00'."""
    return money.format_cents(cents)


@register.filter
def percent(value: Decimal | float | None) -> str:
    return money.format_percent(value)


@register.filter
def moment(value: dt.datetime | None) -> str:
    return dates.moment(value)


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    return dates.day(value)


@register.filter
def ago(value: dt.datetime | None) -> str:
    return dates.ago(value)
