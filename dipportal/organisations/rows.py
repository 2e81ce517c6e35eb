"""The rows of the organisation page, as HTML.

Written by functions like every long list: what a cell holds is escaped here, value by value; the words that stand in
every row are looked up once a list. No source string stands inside an f-string, where it is not found when the
strings are collected.
"""

import datetime as dt
from collections.abc import Iterable
from html import escape

from django.utils import timezone
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.core import dates, markup
from dipportal.core.markup import NOTHING, badge, cell, sub, words
from dipportal.core.templatetags.portal import address, row_url
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Invitation, Membership, Organisation
from dipportal.organisations.queries import Rights


def _space(organisation: Organisation) -> str:
    return "providers" if organisation.is_provider else "receivers"


# --- members ------------------------------------------------------------------------------------------------------
def members(rows: Iterable[Rights], reader: Membership, *, can_edit: bool, can_manage: bool) -> SafeString:
    """Who can edit sees the buttons: their own absence, and with `can_manage` those of everybody."""
    zone, roles = timezone.get_current_timezone(), words(Role.choices)
    marks, buttons = Marks(reader.organisation), Buttons(reader, can_manage=can_manage)
    e_mail, role, may, away, since = (
        esc(text) for text in (_("E-mail"), _("Role"), _("Rights"), _("Away"), _("Member since"))
    )
    found = []
    for row in rows:
        member = row.member
        name = escape(member.user.get_full_name())
        found.append(
            f'<tr>\n<th scope="row">{name}</th>'
            + cell(e_mail, address(member.user.email))
            + cell(role, roles[member.role], "text-nowrap")
            + cell(may, marks.of(row))
            + cell(away, _away(row))
            + cell(since, markup.dated(member.since, "day", True, zone))
            + (f'<td><div class="buttons">{buttons.of(row, name)}</div></td>' if can_edit else "")
            + "</tr>\n"
        )
    return SafeString("".join(found))


class Marks:
    """The badges of what a member may do: each is made once, for those of this side."""

    def __init__(self, organisation: Organisation) -> None:
        edits = _("enters and proposes") if organisation.is_provider else _("answers")
        self.reads = badge(_("reads"), icon_name="eye")
        self.edits = badge(edits, icon_name="pencil")
        # Who decides says something only where two people must agree.
        self.decides = badge(_("decides"), "success", "check") if organisation.four_eyes else ""
        self.manages = badge(_("manages"), icon_name="settings")

    def of(self, row: Rights) -> str:
        shown: list[str] = [self.reads]
        if row.edits:
            shown.append(self.edits)
        if row.decides and self.decides:
            shown.append(self.decides)
        if row.manages:
            shown.append(self.manages)
        standing_in = [sub(esc(_("stands in for %(name)s") % {"name": name})) for name in row.stands_in_for]
        return "\n".join(shown) + "".join(standing_in)


def _away(row: Rights) -> str:
    if not row.away:
        return NOTHING
    member = row.member
    text = esc(_("until %(day)s") % {"day": dates.day(member.absent_until)})
    if member.deputy is None:
        return text
    return text + sub(esc(_("deputy: %(name)s") % {"name": member.deputy.user.get_full_name()}))


class Buttons:
    """What the reader can do with a member."""

    def __init__(self, reader: Membership, *, can_manage: bool) -> None:
        space, slug = _space(reader.organisation), reader.organisation.slug
        self.me, self.can_manage = reader.user_id, can_manage
        self.absence = row_url(f"{space}:member_absence", slug), esc(_("Absence"))
        self.role = row_url(f"{space}:member_role", slug), esc(_("Change role"))
        self.remove = row_url(f"{space}:member_remove", slug), esc(_("Remove"))

    def of(self, row: Rights, name: str) -> str:
        """`name` is HTML."""
        mine = row.member.user_id == self.me
        chosen = [self.absence] if row.edits and (self.can_manage or mine) else []
        if self.can_manage:
            chosen += [self.role] if mine else [self.role, self.remove]
        return "\n".join([_button(url, row.member.pk, label, name) for url, label in chosen])


def _button(url: tuple[str, str], number: int, label: str, of_whom: str) -> str:
    """`label` and `of_whom` are HTML; the second is only read aloud."""
    before, after = url
    return (
        f'<a class="btn btn-sm" href="{before}{number}{after}">{label}'
        f'<span class="visually-hidden"> {of_whom}</span></a>'
    )


# --- invitations --------------------------------------------------------------------------------------------------
def invitations(
    rows: Iterable[Invitation], organisation: Organisation, *, can_manage: bool, now: dt.datetime
) -> SafeString:
    space, slug = _space(organisation), organisation.slug
    resend, withdraw = row_url(f"{space}:invitation_resend", slug), row_url(f"{space}:invitation_withdraw", slug)
    again, back = esc(_("Send again")), esc(_("Withdraw"))
    role, invited_by, valid_until = (esc(text) for text in (_("Role"), _("Invited by"), _("Valid until")))
    roles, expired = words(Role.choices), "\n" + markup.status("expired", _("expired"))
    found = []
    for row in rows:
        email = escape(row.email)
        buttons = f"{_button(resend, row.pk, again, email)}\n{_button(withdraw, row.pk, back, email)}"
        found.append(
            f'<tr>\n<th scope="row">{email}</th>'
            + cell(role, roles[row.role], "text-nowrap")
            + cell(invited_by, escape(row.invited_by.get_full_name()) if row.invited_by else "–")
            + cell(valid_until, markup.date(row.expires_at, "day") + (expired if row.expires_at < now else ""))
            + (f'<td><div class="buttons">{buttons}</div></td>' if can_manage else "")
            + "</tr>\n"
        )
    return SafeString("".join(found))
