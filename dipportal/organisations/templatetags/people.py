"""The rows of the organisation page, as tags: `{% people_rows rights membership can_edit can_manage %}`."""

import datetime as dt
from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from dipportal.organisations import rows
from dipportal.organisations.models import Invitation, Membership, Organisation
from dipportal.organisations.queries import Rights

register = template.Library()


@register.simple_tag
def people_rows(found: Iterable[Rights], reader: Membership, can_edit: bool, can_manage: bool) -> SafeString:
    return rows.members(found, reader, can_edit=can_edit, can_manage=can_manage)


@register.simple_tag
def invitation_rows(
    found: Iterable[Invitation], organisation: Organisation, can_manage: bool, now: dt.datetime
) -> SafeString:
    return rows.invitations(found, organisation, can_manage=can_manage, now=now)
