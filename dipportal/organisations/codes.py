from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

# Lines about an organisation's own people. They carry no thread: no timeline of an agreement shows them.
declare(
    Code("organisation.created", _("Organisation taken in"), Audience.STAFF, icon="plus"),
    Code("organisation.updated", _("Organisation changed"), Audience.STAFF, icon="pencil"),
    Code("organisation.settings_changed", _("Rules for agreements changed"), Audience.STAFF, icon="pencil"),
    Code("member.absence_changed", _("Absence changed"), Audience.STAFF, icon="calendar-off"),
    Code("member.invited", _("Invited"), Audience.STAFF, icon="mail"),
    Code("member.invited_again", _("Invited again"), Audience.STAFF, icon="mail"),
    Code("member.invitation_withdrawn", _("Invitation withdrawn"), Audience.STAFF, icon="arrow-back-up"),
    Code("member.joined", _("Invitation accepted"), Audience.STAFF, tone="good", icon="user"),
    Code("member.role_changed", _("Role changed"), Audience.STAFF, icon="pencil"),
    Code("member.removed", _("Member removed"), Audience.STAFF, tone="warning", icon="x"),
    Code("member.left", _("Member left"), Audience.STAFF, icon="logout"),
)
