from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, Code, declare

declare(
    Code("production.created", _("Production entered"), Audience.PROVIDER, icon="plus"),
    Code("production.updated", _("Production changed"), Audience.PROVIDER, icon="pencil"),
    Code("production.cancelled", _("Production cancelled"), Audience.BOTH, tone="bad", icon="x"),
    Code("performance.created", _("Performance entered"), Audience.PROVIDER, icon="plus"),
    Code("performance.updated", _("Performance changed"), Audience.BOTH, icon="pencil"),
    Code("performance.moved", _("Performance moved"), Audience.BOTH, tone="warning", icon="calendar"),
    Code("performance.cancelled", _("Performance cancelled"), Audience.BOTH, tone="bad", icon="x"),
    # These decide who sees what. They carry no thread: no timeline shows them.
    Code("theater.receiver_set", _("Theater linked to an organisation"), Audience.STAFF, icon="pencil"),
    Code("producer.providers_set", _("Producer linked to organisations"), Audience.STAFF, icon="pencil"),
)
