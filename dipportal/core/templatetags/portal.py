"""Template filters: money, percentages and dates as the readers write them."""

import datetime as dt
from decimal import Decimal
from html import escape

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from dipportal.core import dates, grouping, markup, money

register = template.Library()

register.simple_tag(markup.icon, name="icon")
register.simple_tag(markup.badge, name="badge")
register.simple_tag(markup.status, name="status")
register.simple_tag(markup.date, name="date")
register.simple_tag(lambda words: SafeString(markup.not_shown(words)), name="nothing_shown")


# Stands for the number of a row in an address; no organisation's address has it.
NUMBER = 9182736450


@register.simple_tag
def row_url(view: str, slug: str) -> tuple[str, str]:
    """The address of the rows of a list, before and after their number; see `at`. Looked up once a list."""
    before, _number, after = reverse(view, args=[slug, NUMBER]).rpartition(str(NUMBER))
    return before, after


@register.filter
def at(address: tuple[str, str], number: int) -> str:
    """The address of one row."""
    before, after = address
    return f"{before}{number}{after}"


@register.filter(name="money")
def money_filter(cents: int | None) -> str:
    """Cents (int) → '€ 6.500,00'."""
    return money.format_cents(cents)


@register.filter
def whole_euros(cents: int) -> str:
    """1547905 → '€ 15.479': where the cents say nothing."""
    return money.format_cents(cents - cents % 100).removesuffix(",00")


@register.filter
def euros(value: Decimal | None) -> str:
    """Whole cents as a Decimal of euros → '€ 6.500,00'; nothing → ''."""
    return money.format_cents(int(value * 100)) if isinstance(value, Decimal) else ""


@register.filter
def percent(value: Decimal | float | None) -> str:
    return money.format_percent(value)


@register.filter
def grouped(number: int | None) -> str:
    """1300 → '1.300'; None → ''."""
    return "" if number is None else grouping.grouped(number)


@register.filter
def signed(number: int | None) -> str:
    """12 → '+12', -3 → '−3', 1200 → '+1.200'; None → ''."""
    return "" if number is None else _sign(number) + grouping.grouped(abs(number))


@register.filter
def signed_percent(value: Decimal | None) -> str:
    """Decimal('12.5') → '+12,5 %'; None → ''."""
    return "" if value is None else _sign(value) + money.format_percent(abs(value))


def _sign(number: int | Decimal) -> str:
    return "+" if number > 0 else "−" if number < 0 else ""


@register.filter
def moment(value: dt.datetime | None) -> str:
    return dates.moment(value)


@register.filter
def day(value: dt.date | dt.datetime | None) -> str:
    return dates.day(value)


@register.filter
def ago(value: dt.datetime | None) -> str:
    return dates.ago(value)


@register.filter
def address(value: str) -> SafeString:
    """An e-mail address that breaks before its '@' and its dots, where a reader would break it."""
    # An escaped character holds neither of the two.
    return SafeString(escape(value).replace("@", "<wbr>@").replace(".", "<wbr>."))
