from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

# The theaters have nothing to do with it. They carry no thread: no timeline of an agreement shows them.
declare(
    Code("sales.invited", _("Invited to the weekly sales mail"), Audience.PROVIDER, icon="mail"),
    Code("sales.confirmed", _("Said yes to the weekly sales mail"), Audience.PROVIDER, tone="good", icon="check"),
    Code("sales.changed", _("Weekly sales mail changed"), Audience.PROVIDER, icon="pencil"),
    Code("sales.stopped", _("Weekly sales mail stopped"), Audience.PROVIDER, tone="warning", icon="x"),
)
