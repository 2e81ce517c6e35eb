"""The rows of this area's lists, as tags: `{% agreement_rows listing.page organisation can_edit today %}`."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from dipportal.organisations.models import Organisation
from dipportal.providers import count_rows, rows

register = template.Library()


@register.simple_tag
def agreement_rows(found: Iterable[Any], organisation: Organisation, can_edit: bool, today: dt.date) -> SafeString:
    return rows.agreements(found, organisation.slug, can_edit=can_edit, today=today)


@register.simple_tag
def production_rows(found: Iterable[Any], organisation: Organisation) -> SafeString:
    return rows.productions(found, organisation.slug)


@register.simple_tag
def performance_rows(found: rows.Pairs, organisation: Organisation, can_edit: bool) -> SafeString:
    return rows.performances(found, organisation.slug, can_edit=can_edit)


@register.simple_tag
def tour_rows(found: rows.Pairs, organisation: Organisation, can_edit: bool) -> SafeString:
    return rows.tour(found, organisation.slug, can_edit=can_edit)


@register.simple_tag
def batch_rows(found: Iterable[Any], organisation: Organisation) -> SafeString:
    return rows.batches(found, organisation.slug)


@register.simple_tag
def run_rows(found: Iterable[Any]) -> SafeString:
    return rows.runs(found)


register.simple_tag(count_rows.silent_theaters, name="silent_theater_rows")
register.simple_tag(rows.theaters, name="theater_rows")
register.simple_tag(rows.members, name="member_rows")
