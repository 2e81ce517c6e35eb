from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("contract.created", _("Concept made"), Audience.PROVIDER, icon="plus"),
    Code("contract.updated", _("Concept changed"), Audience.PROVIDER, icon="pencil"),
    Code("contract.proposed", _("Proposed"), Audience.BOTH, icon="send"),
    Code("contract.withdrawn", _("Proposal withdrawn"), Audience.PROVIDER, tone="warning", icon="arrow-back"),
    Code("contract.approved", _("Approved"), Audience.BOTH, tone="good", icon="check"),
    Code("contract.rejected", _("Rejected"), Audience.BOTH, tone="bad", icon="x"),
    Code("contract.amended", _("Next version begun"), Audience.PROVIDER, icon="git-branch"),
    Code("contract.revised", _("Revision begun"), Audience.PROVIDER, icon="git-branch"),
    Code("contract.superseded", _("Replaced by its revision"), Audience.BOTH, icon="git-branch"),
    Code("contract.countered", _("Adapted proposal"), Audience.BOTH, tone="warning", icon="arrows-exchange"),
    Code("contract.retracted", _("Adapted proposal taken back"), Audience.BOTH, tone="warning", icon="arrow-back"),
    Code("contract.adopted", _("Adapted proposal accepted"), Audience.BOTH, tone="good", icon="check"),
    Code("contract.declined", _("Adapted proposal declined"), Audience.BOTH, tone="bad", icon="x"),
    Code("contract.reopened", _("Answer taken back"), Audience.BOTH, tone="warning", icon="arrow-back"),
    Code("contract.endorsed", _("First of two agreed"), Audience.STAFF, icon="user-check"),
    Code("contract.discarded", _("Concept given up"), Audience.PROVIDER, tone="warning", icon="ban"),
    Code("contract.restored", _("Concept taken back"), Audience.PROVIDER, icon="arrow-back"),
    Code("contract.extended", _("Another day to answer by"), Audience.BOTH, icon="calendar-event"),
    Code("contract.reminded", _("Reminded"), Audience.BOTH, icon="bell"),
    Code("contract.expired", _("The day to answer by has passed"), Audience.BOTH, tone="warning", icon="clock"),
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
