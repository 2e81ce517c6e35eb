"""From journal line to Operation row, in the transaction of the change. What the pull found is not pushed back."""

from collections.abc import Callable, Sequence

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Producer, Production
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError
from dipportal.dip import count_reports, operations
from dipportal.dip.models import Kind, Subject
from dipportal.dip.tasks import wake
from dipportal.journal.actions import on, on_many
from dipportal.journal.models import ActorKind, Entry
from dipportal.organisations.models import Organisation


def pushing(handler: Callable[[Entry], None]) -> Callable[[Entry], None]:
    """Only for what happened here; and something is due afterwards."""

    def run(entry: Entry) -> None:
        if entry.actor_kind != ActorKind.PULL:
            handler(entry)
            wake()

    run.__name__ = handler.__name__
    return run


# --- agreements ------------------------------------------------------------------------------------------------
@on("contract.created", "contract.amended", "contract.revised", "contract.restored")
@pushing
def contract_created(entry: Entry) -> None:
    """A new version after a rejection is a record of its own: DIP's `revise` is for approved agreements only."""
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    if contract.dip_id is None:
        operations.enqueue(Kind.CONTRACT_CREATE, contract.pk, contract.provider)


@on("contract.discarded")
@pushing
def contract_discarded(entry: Entry) -> None:
    """What has not left need not leave. DIP has no call to remove a concept: one that it has stays there."""
    text = _("The concept was given up before it was sent to DIP.")
    for kind in (Kind.CONTRACT_CREATE, Kind.CONTRACT_UPDATE):
        operations.drop_unsent(kind, int(entry.target_id), code="discarded", text=text)


@on("contract.adopted")
@pushing
def contract_adopted(entry: Entry) -> None:
    """The receiver's terms, which DIP never saw: entered and proposed there, so that it has what was agreed."""
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    operations.enqueue(Kind.CONTRACT_CREATE, contract.pk, contract.provider)
    operations.enqueue(Kind.CONTRACT_PROPOSE, contract.pk, contract.provider)


@on("contract.reopened")
@pushing
def contract_reopened(entry: Entry) -> None:
    """Refuses, with the whole action, to take back a yes that has gone on to DIP (PortalError 'pushed')."""
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    if contract.is_counter:
        text = _("The answer was taken back before it was sent to DIP.")
        for kind in (Kind.CONTRACT_PROPOSE, Kind.CONTRACT_CREATE):
            operations.drop_unsent(kind, contract.pk, code="reopened", text=text)
        if operations.left_or_leaving(Subject.CONTRACT, contract.pk):
            raise PortalError(
                _("This agreement has been sent to DIP already, so the answer can no longer be taken back."),
                code="pushed",
            )
    elif operations.newest_was_dropped(Kind.CONTRACT_PROPOSE, contract.pk):
        # It was rejected before the proposal left, which therefore stayed here; it stands open again, so it goes.
        contract_proposed(entry)


@on("contract.updated")
@pushing
def contract_updated(entry: Entry) -> None:
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    _changed(Kind.CONTRACT_CREATE, Kind.CONTRACT_UPDATE, contract.pk, contract.provider, contract.dip_id)


@on("contract.proposed")
@pushing
def contract_proposed(entry: Entry) -> None:
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    if operations.freshen((Kind.CONTRACT_PROPOSE,), contract.pk):
        return
    base = operations.seen_digest(contract.provider, Subject.CONTRACT, contract.dip_id)
    operations.enqueue(Kind.CONTRACT_PROPOSE, contract.pk, contract.provider, base=base)


@on("contract.withdrawn")
@pushing
def contract_withdrawn(entry: Entry) -> None:
    """A proposal that has left cannot be taken back: DIP has no call for it. rules.dip_state says so on the page."""
    text = _("The proposal was withdrawn before it was sent to DIP.")
    operations.drop_unsent(Kind.CONTRACT_PROPOSE, int(entry.target_id), code="withdrawn", text=text)


def _changed(create: Kind, update: Kind, pk: int, organisation: Organisation, remote_id: object) -> None:
    """The row that waits unsent sends the newest state anyway; else a row of its own."""
    if operations.freshen((create, update), pk):
        return
    subject = create.split(".", maxsplit=1)[0]
    if not remote_id and not operations.is_under_way(create, pk):
        operations.enqueue(create, pk, organisation)
        return
    operations.enqueue(update, pk, organisation, base=operations.seen_digest(organisation, subject, remote_id))


# --- productions and performances ------------------------------------------------------------------------------
@on("production.created")
@pushing
def production_created(entry: Entry) -> None:
    production = Production.objects.select_related("producer").get(pk=entry.target_id)
    organisation = _who_enters(entry, production.producer)
    if organisation is not None:
        operations.enqueue(Kind.PRODUCTION_CREATE, production.pk, organisation)


@on("production.updated")
@pushing
def production_updated(entry: Entry) -> None:
    production = Production.objects.select_related("producer").get(pk=entry.target_id)
    organisation = _who_enters(entry, production.producer)
    if organisation is not None:
        _changed(Kind.PRODUCTION_CREATE, Kind.PRODUCTION_UPDATE, production.pk, organisation, production.dip_id)


@on("production.cancelled")
@pushing
def production_cancelled(entry: Entry) -> None:
    """DIP knows no cancelled production, only cancelled performances."""
    production = Production.objects.select_related("producer").get(pk=entry.target_id)
    organisation = _who_enters(entry, production.producer)
    for performance in production.performances.filter(status=PerformanceStatus.CANCELLED):
        if organisation is not None:
            _performance_changed(performance, organisation)


@on("performance.created")
@pushing
def performance_created(entry: Entry) -> None:
    performance = Performance.objects.select_related("production__producer").get(pk=entry.target_id)
    organisation = _who_enters(entry, performance.production.producer)
    if organisation is not None:
        operations.enqueue(Kind.PERFORMANCE_CREATE, performance.pk, organisation)


@on("performance.updated", "performance.moved", "performance.cancelled")
@pushing
def performance_changed(entry: Entry) -> None:
    performance = Performance.objects.select_related("production__producer").get(pk=entry.target_id)
    organisation = _who_enters(entry, performance.production.producer)
    if organisation is not None:
        _performance_changed(performance, organisation)


def _performance_changed(performance: Performance, organisation: Organisation) -> None:
    _changed(Kind.PERFORMANCE_CREATE, Kind.PERFORMANCE_UPDATE, performance.pk, organisation, performance.number)


def _who_enters(entry: Entry, producer: Producer) -> Organisation | None:
    """Whose log-in enters it: the organisation that acted, else the producer's first with a connection."""
    if entry.organisation is not None and producer.providers.filter(pk=entry.organisation.pk).exists():
        return entry.organisation
    return producer.providers.order_by(F("dip_connections__active").desc(nulls_last=True), "pk").first()


# --- ticket counts ---------------------------------------------------------------------------------------------
@on_many("count.reported")
def counts_reported(entries: Sequence[Entry]) -> None:
    """All that were entered together, in a few statements."""
    entered = [int(entry.target_id) for entry in entries if entry.actor_kind != ActorKind.PULL]
    if count_reports.reported(entered):
        wake()
