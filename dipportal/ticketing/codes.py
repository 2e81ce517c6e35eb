from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("count.reported", _("Ticket count entered"), Audience.BOTH, icon="ticket"),
    Code("count.linked", _("Linked to the ticketing system"), Audience.RECEIVER, icon="link"),
    Code("count.unlinked", _("Link to the ticketing system removed"), Audience.RECEIVER, tone="warning", icon="unlink"),
    # Keys carry no thread either: they are the affair of the house.
    Code("count_key.created", _("Key for a ticketing system made"), Audience.RECEIVER, icon="plus"),
    Code("count_key.revoked", _("Key of a ticketing system revoked"), Audience.RECEIVER, tone="warning", icon="x"),
    # How a theater counts carries no thread: no timeline shows it.
    Code("counting.updated", _("Way of counting changed"), Audience.RECEIVER, icon="pencil"),
)
