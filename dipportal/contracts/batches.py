"""Many agreements at once, after the person has gone on: rows that are claimed, worked and settled one by one.

Each row is one transaction that takes the row, does the work by the same actions as a single agreement, and writes the
outcome. So a worker that is killed loses nothing (its lease ends), and two workers never do one row twice (who comes
second finds another token or another state, and writes nothing). A refusal is the row's own; the others go on.
"""

import datetime as dt
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import ChannelError, KombuError

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.models_batch import Batch, BatchKind, BatchRow, RowState
from dipportal.contracts.planning import Planned
from dipportal.contracts.stock import values_of
from dipportal.contracts.terms import BY_NAME
from dipportal.core.errors import Invalid, NotAllowed, PortalError
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.models import Membership, Organisation

log = structlog.get_logger(__name__)
MOST_CLAIMS = 3
# How long one task goes on before it makes room for another.
SLICE_SECONDS = 20.0


# --- asking for it ---------------------------------------------------------------------------------------------
def make(*, provider: Organisation, kind: BatchKind, planned: Sequence[Planned], token: str, actor: Actor) -> Batch:
    """Keep what is to be made, and wake a worker. The same token again gives the batch that there is."""
    rows = [BatchRow(position=place, intent=one.intent()) for place, one in enumerate(planned, start=1)]
    return _make(provider, kind, rows, token, actor)


def make_proposals(
    *, provider: Organisation, concepts: Iterable[tuple[Contract, int]], token: str, actor: Actor
) -> Batch:
    """Propose these concepts of the provider's; with each the version that the person read."""
    own = [(contract, version) for contract, version in concepts if contract.provider_id == provider.pk]
    rows = [BatchRow(position=place, contract=one, seen_version=seen) for place, (one, seen) in enumerate(own, start=1)]
    return _make(provider, BatchKind.PROPOSE, rows, token, actor)


def _make(provider: Organisation, kind: BatchKind, rows: list[BatchRow], token: str, actor: Actor) -> Batch:
    actor.must_act_for(provider)
    if actor.user is None:
        raise NotAllowed
    if not rows:
        raise Invalid(_("Choose at least one agreement."), code="nothing_chosen")
    try:
        with transaction.atomic():
            batch = Batch.objects.create(provider=provider, kind=kind, made_by=actor.user, token=token)
            for row in rows:
                row.batch = batch
            BatchRow.objects.bulk_create(rows)
            record("batch.made", batch, actor=actor, fields={"kind": kind, "rows": len(rows)})
            transaction.on_commit(lambda: wake(batch.pk))
    except IntegrityError:
        batch = Batch.objects.visible_to(provider).get(token=token)
    return batch


def retry(batch: Batch, *, seen: Mapping[int, int], actor: Actor) -> int:
    """Make the refused rows wait again, and return how many. `seen`: row → version of its agreement that was read.

    From now on the batch is worked in the name of who asks for this.
    """
    actor.must_act_for(batch.provider)
    with transaction.atomic():
        waiting = 0
        for row in batch.rows.filter(state=RowState.REFUSED).order_by("pk"):
            values = {"seen_version": seen.get(row.pk, row.seen_version)} if row.contract_id else {}
            fresh = {"state": RowState.WAITING, "claims": 0, "code": "", "text": "", **values}
            waiting += BatchRow.objects.filter(pk=row.pk, state=RowState.REFUSED).update(**fresh)
        if waiting:
            Batch.objects.filter(pk=batch.pk).update(finished_at=None, made_by=actor.user)
            record("batch.retried", batch, actor=actor, fields={"rows": waiting})
            transaction.on_commit(lambda: wake(batch.pk))
    return waiting


def wake(pk: int) -> None:
    """A broker that is away costs seconds, never a click: the beat finds the batch."""
    try:
        current_app.send_task("dipportal.contracts.tasks.run_batch", args=(pk,))
    except (KombuError, ChannelError, OSError) as error:
        log.warning("no wake-up for a batch", batch=pk, reason=type(error).__name__)


# --- reading ---------------------------------------------------------------------------------------------------
def batches_of(organisation: Organisation | None) -> QuerySet[Batch]:
    rows: QuerySet[Batch] = Batch.objects.visible_to(organisation).select_related("made_by")
    return rows


def counted(rows: QuerySet[Batch]) -> QuerySet[Batch]:
    """With `total`, `good` and `bad`: how many rows, done and refused."""
    # Subqueries, so that of a long list only the batches of one page are counted.
    all_of_it = BatchRow.objects.filter(batch=OuterRef("pk")).order_by()
    done, refused = all_of_it.filter(state=RowState.DONE), all_of_it.filter(state=RowState.REFUSED)
    return rows.annotate(total=_number(all_of_it), good=_number(done), bad=_number(refused))


def _number(rows: QuerySet[BatchRow]) -> Coalesce:
    return Coalesce(Subquery(rows.values("batch").annotate(n=Count("pk")).values("n")), 0)


@dataclass(frozen=True)
class Result:
    """One line of the result list."""

    row: BatchRow
    production: Production | None
    theater: Theater | None
    first_at: dt.datetime | None

    @property
    def changed_since(self) -> bool:
        """Is the agreement another one than the one that was refused?"""
        made = self.row.contract
        return self.row.state == RowState.REFUSED and made is not None and made.version != self.row.seen_version


def results_of(batch: Batch) -> list[Result]:
    """One query, and three more for the names in rows that have no agreement yet."""
    rows = list(batch.rows.select_related("contract__production", "contract__theater"))
    bare = [row.intent for row in rows if row.contract is None]
    productions = Production.objects.visible_to(batch.provider).in_bulk({one["production"] for one in bare})
    theaters = Theater.objects.in_bulk({one["theater"] for one in bare})
    plays = Performance.objects.visible_to(batch.provider).in_bulk({one["performances"][0] for one in bare})
    found = []
    for row in rows:
        if row.contract is not None:
            made = row.contract
            found.append(Result(row, made.production, made.theater, made.first_at))
        else:
            first = plays.get(row.intent["performances"][0])
            production, theater = productions.get(row.intent["production"]), theaters.get(row.intent["theater"])
            found.append(Result(row, production, theater, first.starts_at if first else None))
    return found


def unfinished() -> QuerySet[Batch]:
    """Batches on which nobody works: not finished, and no row under a lease that still runs."""
    leased = BatchRow.objects.filter(batch=OuterRef("pk"), state=RowState.WAITING, claimed_until__gt=timezone.now())
    return Batch.objects.filter(~Exists(leased), finished_at=None).order_by("pk")


# --- working ---------------------------------------------------------------------------------------------------
def run(batch: Batch) -> bool:
    """Work rows until none is free or the time is up. True: there may be more to do, go on with another call."""
    stop = time.monotonic() + SLICE_SECONDS
    with translation.override(batch.made_by.language):
        actor = _actor(batch)
        while time.monotonic() < stop:
            row = claim(batch)
            if row is None:
                finish(batch)
                return False
            work(batch, row, actor)
    return True


def _actor(batch: Batch) -> Actor | None:
    """Who asked for it, with the role of this moment; None when that person has left."""
    rows = Membership.objects.visible_to(batch.provider).select_related("user", "organisation")
    found = rows.filter(user=batch.made_by, user__is_active=True).first()
    return member(found) if found else None


def claim(batch: Batch) -> BatchRow | None:
    """Lease the next free row, those first that were tried least; None when none is free."""
    while True:
        now = timezone.now()
        free = BatchRow.objects.filter(
            Q(claimed_until=None) | Q(claimed_until__lte=now), batch=batch, state=RowState.WAITING
        )
        row = free.order_by("claims", "position").first()
        if row is None:
            return None
        token = secrets.token_urlsafe(32)
        until = now + dt.timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        # The conditional UPDATE decides: of two workers that read the same row, one finds the other's token.
        mine = free.filter(pk=row.pk, claim_token=row.claim_token)
        if mine.update(claim_token=token, claimed_until=until, claims=F("claims") + 1) == 1:
            row.claim_token, row.claims = token, row.claims + 1
            return row


def work(batch: Batch, row: BatchRow, actor: Actor | None) -> None:
    """One row, one transaction. What goes wrong unexpectedly is tried again, at most `MOST_CLAIMS` times."""
    try:
        if row.claims > MOST_CLAIMS:
            _refuse(row, "gave_up", _("This went wrong several times. An administrator can see why."))
            return
        _work(batch, row, actor)
    except PortalError as refused:
        _refuse(row, refused.code, _in_words(refused))
    except Exception:
        log.exception("row of a batch failed", batch=batch.pk, row=row.pk)
        _settle(row, RowState.WAITING, code="", text="")


def _work(batch: Batch, row: BatchRow, actor: Actor | None) -> None:
    if actor is None:
        raise NotAllowed
    with transaction.atomic():
        # First take the row, and with it its lock: whoever is late does nothing at all.
        if not _settle(row, RowState.DONE, code="created", text=""):
            return
        contract = row.contract or _create(batch, row.intent, actor)
        BatchRow.objects.filter(pk=row.pk).update(contract=contract)
        if batch.proposes:
            _propose(row, contract, actor)


def _create(batch: Batch, intent: Mapping[str, Any], actor: Actor) -> Contract:
    production = Production.objects.visible_to(batch.provider).filter(pk=intent["production"]).first()
    plays = list(Performance.objects.visible_to(batch.provider).filter(pk__in=intent["performances"]))
    if production is None or len(plays) != len(intent["performances"]):
        raise PortalError(gettext_lazy("The production or one of its performances is no longer yours."), code="gone")
    return actions.create_concept(
        provider=batch.provider,
        production=production,
        theater=Theater.objects.get(pk=intent["theater"]),
        performances=plays,
        kind=intent["type"],
        terms=values_of(intent["type"], intent["terms"]),
        parties=dict(intent["parties"]),
        actor=actor,
    )


def _propose(row: BatchRow, contract: Contract, actor: Actor) -> None:
    """A concept that was made stays when it cannot be proposed: the refusal is told, and can be mended there."""
    fresh = row.contract_id is None
    try:
        with transaction.atomic():
            done = actions.propose(contract, actor=actor, seen_version=None if fresh else row.seen_version)
        code = "proposed" if done.status == Status.PROPOSED else "endorsed"
        BatchRow.objects.filter(pk=row.pk).update(code=code)
    except PortalError as refused:
        seen = contract.version if fresh else row.seen_version
        values = {"code": refused.code[:40], "text": _in_words(refused), "seen_version": seen}
        BatchRow.objects.filter(pk=row.pk).update(state=RowState.REFUSED, **values)


def _settle(row: BatchRow, state: RowState, *, code: str, text: str) -> bool:
    """Write the outcome while the lease is mine; False, and nothing written, when it is somebody else's by now."""
    mine = BatchRow.objects.filter(pk=row.pk, claim_token=row.claim_token, state=RowState.WAITING)
    done_at = None if state == RowState.WAITING else timezone.now()
    return mine.update(state=state, code=code, text=text, claimed_until=None, done_at=done_at) == 1


def _refuse(row: BatchRow, code: str, text: str) -> None:
    _settle(row, RowState.REFUSED, code=code[:40], text=text)


def _in_words(refused: PortalError) -> str:
    """The sentence, and one for each field that it names; 'some fields' says nothing beside them."""
    fields = refused.fields if isinstance(refused, Invalid) else {}
    parts = [] if fields and refused.sentence is Invalid.sentence else [str(refused)]
    for name, sentence in fields.items():
        parts.append(f"{BY_NAME[name].label}: {sentence}" if name in BY_NAME else str(sentence))
    return " ".join(parts)


def finish(batch: Batch) -> None:
    """Note the end once no row waits any more."""
    waiting = BatchRow.objects.filter(batch=OuterRef("pk"), state=RowState.WAITING)
    Batch.objects.filter(~Exists(waiting), pk=batch.pk, finished_at=None).update(finished_at=timezone.now())
