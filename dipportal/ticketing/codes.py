from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("count.reported", _("Ticket count entered"), Audience.BOTH, icon="ticket"),
    Code("count.linked", _("Linked to the ticketing system"), Audience.RECEIVER, icon="link"),
    Code("count.unlinked", _("Link to the ticketing system removed"), Audience.RECEIVER, tone="warning", icon="unlink"),
    # How a theater counts carries no thread: no timeline shows it.
    Code("counting.updated", _("Way of counting changed"), Audience.RECEIVER, icon="pencil"),
)
