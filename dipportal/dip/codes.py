from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("dip.connection_saved", _("DIP connection saved"), Audience.PROVIDER, icon="plug"),
    Code("dip.connection_tested", _("DIP connection tested"), Audience.STAFF, icon="plug"),
    Code("dip.connection_removed", _("DIP connection removed"), Audience.PROVIDER, tone="warning", icon="plug-off"),
    Code("dip.overruled", _("Ours put over the change in DIP"), Audience.PROVIDER, tone="warning", icon="upload"),
)
