from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("dip.connection_saved", _("DIP connection saved"), Audience.PROVIDER, icon="plug"),
    Code("dip.connection_tested", _("DIP connection tested"), Audience.STAFF, icon="plug"),
    Code("dip.connection_removed", _("DIP connection removed"), Audience.PROVIDER, tone="warning", icon="plug-off"),
    Code("dip.overruled", _("Ours put over the change in DIP"), Audience.PROVIDER, tone="warning", icon="upload"),
    Code(
        "dip.conflict",
        _("Changed here and in DIP"),
        Audience.PROVIDER,
        tone="bad",
        icon="alert",
        by_kind=(("vanished", _("Gone from DIP")),),
    ),
    Code(
        "dip.resolved",
        _("Conflict with DIP resolved"),
        Audience.PROVIDER,
        icon="circle-check",
        by_kind=(
            ("changed.put", _("What stands here goes over what DIP has")),
            ("changed.take", _("What DIP has was taken over")),
            ("vanished.known", _("Known: DIP does not have it any more")),
            ("vanished.cancel", _("Cancelled here too, because DIP does not have it any more")),
        ),
    ),
)
