"""The rows of this area's lists and what stands in them, as tags."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from dipportal.contracts.models import Contract
from dipportal.organisations.models import Organisation
from dipportal.receivers import rows, start_rows
from dipportal.receivers.reading import Marks

register = template.Library()

register.simple_tag(rows.agreement_state)
register.simple_tag(start_rows.changes, name="change_rows")


@register.simple_tag
def waiting_rows(
    found: Iterable[Contract], organisation: Organisation, marks: Marks, several_theaters: bool, me: int
) -> SafeString:
    return start_rows.waiting(found, organisation.slug, marks, several_theaters=several_theaters, me=me)


@register.simple_tag
def counter_rows(found: Iterable[Contract], organisation: Organisation) -> SafeString:
    return start_rows.counters(found, organisation.slug)


@register.simple_tag
def agreement_rows(
    found: Iterable[Contract], organisation: Organisation, marks: Marks, ticks: Any, several_theaters: bool
) -> SafeString:
    return rows.agreements(found, organisation.slug, marks, ticks=bool(ticks), several_theaters=several_theaters)


@register.simple_tag
def performance_rows(found: Iterable[Any], organisation: Organisation, several_theaters: bool) -> SafeString:
    return rows.performances(found, organisation.slug, several_theaters=several_theaters)
