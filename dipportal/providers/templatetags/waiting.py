"""The rows of the start page, as a tag: `{% waiting_rows section organisation can_edit %}`."""

from django import template
from django.utils.safestring import SafeString

from dipportal.organisations.models import Organisation
from dipportal.providers import start_rows
from dipportal.providers.waiting import Section

register = template.Library()


@register.simple_tag
def waiting_rows(section: Section, organisation: Organisation, can_edit: bool) -> SafeString:
    if section.kind.page == "performances":
        return start_rows.performances(section.rows, organisation.slug, can_edit=can_edit)
    return start_rows.agreements(section.rows, section.kind.name, organisation.slug)
