"""What a search found, as lines of a list: `{% found_contracts contracts most organisation %}`.

Written here and not in the template, as the rows of the long lists are (rows.py): every value is escaped by itself.
"""

from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString

from dipportal.catalogue.dip_id import DipId
from dipportal.catalogue.models import Production
from dipportal.contracts.enums import Status
from dipportal.core import dates, markup
from dipportal.core.templatetags.portal import row_url
from dipportal.organisations.models import Organisation

register = template.Library()


def _line(address: str, words: str, *rest: str) -> str:
    """`rest` is HTML; what is empty is left out."""
    return "\n".join([f'<li class="mb-2">\n<a href="{address}">{escape(words)}</a>', *filter(None, rest), "</li>\n"])


def _code(number: str) -> str:
    return f"<code>{escape(number)}</code>"


@register.simple_tag
def found_productions(rows: list[Production], most: int, organisation: Organisation) -> SafeString:
    before, after = row_url("providers:production", organisation.slug)
    return SafeString(
        "".join(
            _line(f"{before}{row.pk}{after}", row.title, escape(row.season), _code(row.dip_id) if row.dip_id else "")
            for row in rows[:most]
        )
    )


@register.simple_tag
def found_performances(rows: list[Any], most: int, organisation: Organisation) -> SafeString:
    before, after = row_url("providers:production", organisation.slug)
    return SafeString(
        "".join(
            _line(
                f"{before}{row.production_id}{after}#performance-{row.pk}",
                f"{row.title}, {dates.moment(row.starts_at)}",
                escape(row.house),
                _code(str(DipId(row.in_dip, row.number))) if row.in_dip and row.number is not None else "",
            )
            for row in rows[:most]
        )
    )


@register.simple_tag
def found_contracts(rows: list[Any], most: int, organisation: Organisation) -> SafeString:
    before, after = row_url("providers:contract", organisation.slug)
    states = {value: markup.status(value, label) for value, label in Status.choices}
    return SafeString(
        "".join(
            _line(
                f"{before}{row.pk}{after}",
                f"{row.title} · {row.house}, {dates.day(row.first_at)}",
                states[row.status],
                _code(row.reference),
            )
            for row in rows[:most]
        )
    )
