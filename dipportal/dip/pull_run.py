"""One pull under way: its lease, its calls, its transactions, and the tally that becomes the SyncRun's row.

Calls happen outside transactions. What a page brings is written in one transaction by a step that can be repeated, so
that meeting another writer (the push, a pull of another connection) costs a second try and nothing else.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.db.models import Exists, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.dip.errors import DipError
from dipportal.dip.models import Connection, RunState, RunStep, SyncRun
from dipportal.dip.pull_records import Page
from dipportal.dip.queries import lane
from dipportal.dip.side_by_side import Answer, Reader
from dipportal.dip.values import Unreadable, listing
from dipportal.organisations import actors
from dipportal.organisations.models import Organisation, User

log = structlog.get_logger(__name__)

# Longer than one call can take with its wait, and than one page takes to be written.
LEASE = dt.timedelta(minutes=10)
BEAT = dt.timedelta(seconds=30)
# How often a run writes how far it is, in seconds: a short one never does.
TELL_EVERY = 1.0
TRIES = 3
MOST_ERRORS = 50
# After one of these every further call of the run would end the same way.
HOPELESS = {"resting", "stopping", "credentials", "unauthorized", "unreachable", "login", "slow_down"}


class LeaseLost(Exception):
    """Another run took over while this one was silent: it writes nothing any more."""


class CutShort(Exception):
    """The run cannot go on; the reason stands in its errors."""


@dataclass
class Tally:
    """What a step did: numbers, sentences for what went wrong, and sentences for what a person has to look at."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.counts.update(other.counts)
        self.errors.extend(other.errors)
        self.alarms.extend(other.alarms)

    def not_believed(self, what: str, known: int) -> None:
        """An empty answer in the place of many known records."""
        self.counts["broken"] += 1
        text = _("%(what)s: DIP's answer is empty, while %(count)d are known; nothing is marked.")
        self.errors.append(text % {"what": what, "count": known})


@dataclass(frozen=True)
class Progress:
    """How far a run is: `done` of `of` (None: nobody knows yet), counted in what `step` names since `began`."""

    step: RunStep
    done: int
    of: int | None
    began: dt.datetime


Watch = Callable[[Progress], None]


@dataclass
class Pull:
    """`asked_at` is when the first call left: what changed here after it, the answers may not know yet.

    `watch` hears of every progress, also of a dry run.
    """

    connection: Connection
    client: Reader
    run: SyncRun
    dry_run: bool = False
    tally: Tally = field(default_factory=Tally)
    asked_at: dt.datetime = field(default_factory=timezone.now)
    watch: Watch | None = None
    _beat_at: dt.datetime | None = None
    _at: Progress | None = None
    _told: float = 0.0
    _writing: bool = False

    def __post_init__(self) -> None:
        self._told = time.monotonic()
        if self.run.alive_until is not None:
            # `start` took the lease just now.
            self._beat_at = self.run.alive_until - LEASE

    @property
    def organisation(self) -> Organisation:
        return self.connection.organisation

    @property
    def actor(self) -> actors.Actor:
        return actors.pull(self.organisation)

    # --- calls
    def read_list(
        self, what: str, path: str, params: dict[str, str] | None = None, *, apart: bool = False
    ) -> list[Any] | None:
        """One list of raw records; None when it could not be had, with a sentence about `what` in the errors.

        `apart`: they come unread, see slices. Raises CutShort when further calls make no sense.
        """
        self._beat()
        try:
            return self.list_in(what, Answer("", self.client.read(path, params, apart=apart)))
        except DipError as error:
            return self.list_in(what, Answer("", error=error))

    def list_in(self, what: str, answer: Answer[Any]) -> list[Any] | None:
        """The list of an answer that came in, as `read_list`."""
        self._beat()
        if answer.error is not None:
            self.broken(_("%(what)s: %(reason)s") % {"what": what, "reason": answer.error.text})
            if answer.error.code in HOPELESS:
                raise CutShort from answer.error
            return None
        try:
            return listing(answer.body)
        except Unreadable as error:
            self.broken(_("%(what)s: the answer of DIP is no list (%(reason)s).") % {"what": what, "reason": error})
            return None

    # --- how far it is
    def progress(self, done: int, of: int | None, step: RunStep) -> None:
        """Say that `done` of `of` are done; `of` is None as long as nobody knows. For the thread that runs the pull.

        Cheap to call for every record: one UPDATE a second comes of it at most, and none of a run of less than one.
        Inside a step of `write` it is only noted, because nobody could see it there. Raises LeaseLost.
        """
        before = self._at
        goes_on = before is not None and before.step == step and before.done <= done
        began = before.began if before is not None and goes_on else timezone.now()
        self._at = Progress(step, done, of, began)
        if self.watch is not None:
            self.watch(self._at)
        if not (self.dry_run or self._writing) and time.monotonic() - self._told >= TELL_EVERY:
            self._tell(self._at)

    def _tell(self, at: Progress) -> None:
        """Outside the page's transaction, so that it is seen; the lease goes on with it."""
        now = timezone.now()
        mine = SyncRun.objects.filter(pk=self.run.pk, state=RunState.RUNNING)
        try:
            told = mine.update(
                step=at.step, done=at.done, total=at.of, step_at=at.began, told_at=now, alive_until=now + LEASE
            )
        except OperationalError as error:
            # A database that is busy is no reason to break off what goes well: the next one tells it.
            log.warning("pull progress not told", run=self.run.pk, kind=self.run.kind, reason=type(error).__name__)
            return
        finally:
            self._told = time.monotonic()
        if told != 1:
            raise LeaseLost
        self._beat_at = now

    def trouble(self, sentence: str) -> None:
        self.tally.errors.append(sentence)

    def broken(self, sentence: str) -> None:
        """A call or a write that failed, as opposed to a record that was set aside."""
        self.tally.counts["broken"] += 1
        self.trouble(sentence)

    def alarm(self, sentence: str) -> None:
        """Something that a person has to look at, though the pull itself went well."""
        self.tally.alarms.append(sentence)

    def tell_faults(self, what: str, page: Page[Any]) -> None:
        for key, fault in page.faults.items():
            text = _("%(what)s: record %(number)s was set aside: %(reason)s.")
            self.trouble(text % {"what": what, "number": key, "reason": fault.reason.rstrip(".")})

    # --- writing
    def write(self, what: str, step: Callable[[], Tally]) -> bool:
        """Run a step in one transaction, again when another writer was in the way. False when it failed.

        A step that fails takes nothing else along: its transaction is undone, the run goes on and says so.
        """
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                self.tally.add(self._once(step))
            except (IntegrityError, OperationalError) as error:
                if last:
                    return self._failed(what, error)
                log.info("pull step repeated", run=self.run.pk, kind=self.run.kind)
            except (LeaseLost, CutShort):
                raise
            except Exception as error:
                return self._failed(what, error)
            else:
                return True
        return False

    def _once(self, step: Callable[[], Tally]) -> Tally:
        self._writing = True
        try:
            with transaction.atomic():
                if not self.dry_run:
                    self._hold()
                done = step()
                if self.dry_run:
                    transaction.set_rollback(True)
        finally:
            self._writing = False
        return done

    def _failed(self, what: str, error: Exception) -> bool:
        # The later lines of a database's error show the whole row, with names and addresses: these stay out.
        shown = str(error).split("\n", maxsplit=1)[0] if isinstance(error, DatabaseError) else None
        log.error(
            "pull step failed",
            run=self.run.pk,
            kind=self.run.kind,
            connection=self.connection.pk,
            database=shown,
            exc_info=None if shown else error,
        )
        self.broken(_("%(what)s: this could not be stored; the log of the portal says why.") % {"what": what})
        return False

    # --- the lease
    def _hold(self) -> None:
        """Extend the lease in the transaction of the rows: who lost it writes none. Raises LeaseLost.

        Raises CutShort when the log-in was changed or removed: what the old one saw says nothing about the new one.
        """
        now = timezone.now()
        mine = SyncRun.objects.filter(pk=self.run.pk, state=RunState.RUNNING)
        if mine.filter(Exists(same_log_in(self.connection))).update(alive_until=now + LEASE) != 1:
            if not mine.exists():
                raise LeaseLost
            self.broken(_("The DIP connection was changed while this run was going on."))
            raise CutShort
        self._beat_at = now

    def _beat(self) -> None:
        if not self.dry_run and (self._beat_at is None or timezone.now() - self._beat_at > BEAT):
            self._hold()


def same_log_in(connection: Connection) -> QuerySet[Connection]:
    """The row of this connection, as long as it is the log-in that the run began with."""
    return Connection.objects.active().filter(pk=connection.pk, client_id=connection.client_id)


def start(connection: Connection, kind: str, *, triggered_by: User | None = None) -> tuple[SyncRun, bool]:
    """The run to do and True, or the one that is going on and False. A crashed run's lease ends by itself."""
    key = f"{connection.pk}:{lane(kind)}"
    while True:
        try:
            with transaction.atomic():
                run = SyncRun.objects.create(
                    connection=connection,
                    organisation=connection.organisation,
                    kind=kind,
                    triggered_by=triggered_by,
                    lease_key=key,
                    alive_until=timezone.now() + LEASE,
                )
        except IntegrityError:
            holder = SyncRun.objects.filter(lease_key=key).first()
            if holder is not None and not _expired(holder):
                return holder, False
        else:
            return run, True


def _expired(holder: SyncRun) -> bool:
    """Close a run whose lease is over. False when it is alive."""
    now = timezone.now()
    broken = SyncRun.objects.filter(pk=holder.pk, state=RunState.RUNNING, alive_until__lte=now)
    return (
        broken.update(
            state=RunState.FAILED,
            finished_at=now,
            lease_key="",
            errors=[_("This run broke off: the process that did it was stopped.")],
        )
        == 1
        or not SyncRun.objects.filter(pk=holder.pk).exclude(lease_key="").exists()
    )


def finish(pull: Pull, *, cut_short: bool) -> SyncRun:
    """Close the run: good, partly (something broke, the rest went on), or failed (nothing came of it)."""
    run, tally = pull.run, pull.tally
    run.counts = {name: number for name, number in sorted(tally.counts.items()) if number}
    run.errors = _shortened([*tally.errors, *tally.alarms])
    if not tally.errors:
        run.state = RunState.GOOD
    elif cut_short or not tally.counts["seen"]:
        run.state = RunState.FAILED
    else:
        run.state = RunState.PARTLY
    run.finished_at = timezone.now()
    if pull.dry_run:
        return run
    mine = SyncRun.objects.filter(pk=run.pk, state=RunState.RUNNING)
    values = {name: getattr(run, name) for name in ("counts", "errors", "state", "finished_at")}
    with transaction.atomic():
        if mine.update(lease_key="", **values) == 1 and not cut_short and not tally.counts["broken"]:
            same_log_in(pull.connection).update(last_good_pull_at=run.finished_at)
    return run


def _shortened(errors: list[str]) -> list[str]:
    unique = list(dict.fromkeys(errors))
    if len(unique) <= MOST_ERRORS:
        return unique
    return [*unique[:MOST_ERRORS], _("And %(count)d more.") % {"count": len(unique) - MOST_ERRORS}]


def each_alone(items: list[Any], write: Callable[[list[Any]], None]) -> list[tuple[Any, DatabaseError]]:
    """Write all items, or, when one is refused by the database, all others. Returns the refused ones.

    Halves the list until the culprit stands alone, each try in a savepoint: no extra statements when all is well.
    """
    if not items:
        return []
    try:
        with savepoint():
            write(items)
    except OperationalError:
        raise
    except DatabaseError as error:
        if len(items) == 1:
            return [(items[0], error)]
        half = len(items) // 2
        return each_alone(items[:half], write) + each_alone(items[half:], write)
    return []


def savepoint() -> AbstractContextManager[None]:
    return transaction.atomic()
