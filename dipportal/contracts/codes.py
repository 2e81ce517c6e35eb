from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("contract.created", _("Concept made"), Audience.PROVIDER, icon="plus"),
    Code("contract.updated", _("Concept changed"), Audience.PROVIDER, icon="pencil"),
    Code("contract.proposed", _("Proposed"), Audience.BOTH, icon="send"),
    Code("contract.withdrawn", _("Proposal withdrawn"), Audience.PROVIDER, tone="warning", icon="arrow-back"),
    Code("contract.approved", _("Approved"), Audience.BOTH, tone="good", icon="check"),
    Code("contract.rejected", _("Rejected"), Audience.BOTH, tone="bad", icon="x"),
    Code("contract.amended", _("New version after the rejection"), Audience.PROVIDER, icon="git-branch"),
    Code("contract.followed", _("Changed in DIP"), Audience.PROVIDER, icon="download"),
    Code(
        "contract.conflict",
        _("Answered differently here and in DIP"),
        Audience.BOTH,
        tone="bad",
        icon="alert",
    ),
    Code("contract.settled", _("The same answer here and in DIP again"), Audience.BOTH, tone="good", icon="check"),
)
