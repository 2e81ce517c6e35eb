"""Every rule of safety with a way to take it away, by patching, and the faults under which that must show."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from django.db import transaction
from django.db.models import Q
from django.test.utils import override_settings

from dipportal.dip import client, count_reports, gate, operations, push, push_contracts, push_counts, pushing, state
from dipportal.dip.client import Line, Verdict
from dipportal.dip.models import Operation
from dipportal.dip.records import Parsed
from dipportal.notifications import delivery
from dipportal.outbox import drain
from dipportal.outbox.models import CLOSED, WORKABLE
from tests.faults import explore
from tests.faults.engine import CRASH, Planned
from tests.faults.scenarios import Prepared

Removal = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Rule:
    """`without` takes it away; under `plan` that must be seen. `change` says what else is expected with the rule."""

    name: str
    scenario: str
    plan: tuple[Planned, ...]
    without: Removal
    change: Callable[[Prepared], None] | None = None


def _patched(module: Any, name: str, value: Any) -> Removal:
    return lambda: mock.patch.object(module, name, value)


def _nothing(*_args: Any, **_more: Any) -> None:
    return None


# --- outbox ----------------------------------------------------------------------------------------------------
def _any_token(self: Any) -> Any:
    return type(self.row)._default_manager.filter(pk=self.row.pk)


def _without_order(model: Any, now: dt.datetime) -> Any:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return model._default_manager.filter(free, state__in=WORKABLE, due_at__lte=now)


@contextmanager
def _without_intent() -> Iterator[None]:
    write = drain.Claim.write

    def forgetful(self: Any, **values: Any) -> None:
        values.pop("sent_at", None)
        write(self, **values)

    with mock.patch.object(drain.Claim, "write", forgetful):
        yield


def expect_quarantine(prepared: Prepared) -> None:
    """The row that kills its worker waits for a person, and the one of the other key went."""
    prepared.wanted.pop(0)
    prepared.person = "quarantined"
    prepared.shown = lambda _dip: []


# --- calls -----------------------------------------------------------------------------------------------------
def _also(*lines: Line) -> Removal:
    return lambda: mock.patch.object(client, "TABLE", (*client.TABLE, *lines))


def _not_found_when_it_fails(*args: Any, **more: Any) -> Any:
    try:
        return pushing.look(*args, **more)
    except pushing.Stop:
        return Parsed([], [])


def _slow_down_is_nothing(work: Any, error: Any) -> Any:
    return drain.again(error.code, error.text, after=error.after, sent_at=None)


@contextmanager
def _without_reading() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(state, "differing", mock.Mock(return_value=["terms.remarks"])))
        stack.enter_context(mock.patch.object(push_contracts, "must_still_be_ours", _nothing))
        yield


@contextmanager
def _in_a_transaction() -> Iterator[None]:
    def work(claim: Any) -> Any:
        with transaction.atomic():
            return push.work(claim)

    with mock.patch.object(client, "refuse_inside_transaction", _nothing), mock.patch.object(explore, "work", work):
        yield


@contextmanager
def _without_lag() -> Iterator[None]:
    with (
        mock.patch.object(pushing, "must_be_current", _nothing),
        mock.patch.object(push_contracts, "must_be_current", _nothing),
    ):
        yield


# --- ticket counts ---------------------------------------------------------------------------------------------
def _any_row_will_do(keys: Any, _organisation: int, _now: Any) -> set[str]:
    """Also one that is in the hands of a worker, who has read the older count already."""
    open_rows = Operation.objects.filter(key__in=list(keys)).exclude(state__in=CLOSED)
    return set(open_rows.values_list("key", flat=True))


@contextmanager
def _with_the_count_as_it_was() -> Iterator[None]:
    first: dict[Any, Any] = {}
    body = push_counts._body

    def kept(kind: Any, count: Any, *numbers: Any) -> Any:
        return first.setdefault((kind, *numbers), body(kind, count, *numbers))

    with mock.patch.object(push_counts, "_body", kept):
        yield


# --- mail ------------------------------------------------------------------------------------------------------
_message = delivery.message


def _new_id_each_time(row: Any) -> Any:
    row.message_id = f"<{row.attempts}.{row.pk}@elsewhere.example>"
    return _message(row)


POST, PUT, GET = "POST", "PUT", "GET"
CORRECTED = "count of tickets, corrected on the way"


def call(detail: str, kind: str, times: int = 1) -> Planned:
    return Planned("call", detail, kind, times)


RULES: tuple[Rule, ...] = (
    Rule(
        "every write says 'where the token is mine'", "contract update",
        (Planned("write", "dip_connection", "pause"),), _patched(drain.Claim, "_mine", _any_token),
    ),
    Rule(
        "rows of one key run in order", "contract create + propose",
        (call(POST, "refused"),), _patched(drain, "claimable", _without_order),
    ),
    Rule(
        "claims are counted before the work, and end in quarantine", "production cancel",
        (call("performances/11484906", CRASH, 8),),
        lambda: override_settings(OUTBOX_MAX_CLAIMS=10**6), expect_quarantine,
    ),
    Rule(
        "the intent is committed before the call", "contract create",
        (call(POST, "lost after"),), _without_intent,
    ),
    Rule(
        "no call inside a transaction", "contract create", (), _in_a_transaction,
    ),
    Rule(
        "what is unclear is waited out", "contract create",
        (call(POST, "lost, late, lagging"),), _patched(pushing, "settle_time", dt.timedelta),
    ),
    Rule(
        "looked up before a second create", "contract create",
        (call(POST, "lost after"),), _patched(operations, "sent_keys", mock.Mock(return_value=[])),
    ),
    Rule(
        "a failed look-up is not 'not found'", "contract create",
        (call(POST, "lost after"), call(GET, "503 before")), _patched(push_contracts, "look", _not_found_when_it_fails),
    ),
    Rule(
        "5xx is unclear", "contract create",
        (call(POST, "500 after"),), _also(Line(range(500, 600), Verdict.NOT_DONE)),
    ),
    Rule(
        "2xx that cannot be read is unclear", "contract create",
        (call(POST, "garbage"),), _also(Line(range(200, 300), Verdict.NOT_DONE)),
    ),
    Rule(
        "a lost connection is unclear", "production create",
        (call(POST, "lost after"),), _also(Line({None}, Verdict.NOT_DONE)),
    ),
    Rule(
        "after 429 it is looked up all the same", "performance create",
        (call(POST, "429 after"),), _patched(pushing, "_not_done", _slow_down_is_nothing),
    ),
    Rule(
        "Retry-After holds for all calls of a connection", "production cancel",
        (call(PUT, "429 retry-after"),), _patched(gate, "hold_off", _nothing),
    ),
    Rule(
        "update reads before it writes", "contract update",
        (call(PUT, "lost after"),), _without_reading,
    ),
    Rule(
        "an update does not overwrite somebody else's change", "contract update, changed in DIP",
        (), _patched(push_contracts, "must_still_be_ours", _nothing),
    ),
    Rule(
        "what differs in DIP is not proposed", "contract propose, changed in DIP",
        (), _patched(push_contracts, "_must_be_proposable", _nothing),
    ),
    Rule(
        "propose looks whether it is proposed already", "contract propose",
        (call(PUT, "lost after"),), _patched(push_contracts, "_as_seen", lambda work, _record: pushing.no_id(work)),
    ),
    Rule(
        "who was held up after the intent does not call", "contract create",
        (Planned("turn", POST, "long pause"),), _patched(pushing, "_must_leave_now", _nothing),
    ),
    Rule(
        "reads that lag behind our own change are read again", "contract create + propose",
        (call(POST, "lagging"),), _without_lag,
    ),
    Rule(
        "running totals that may still come are waited out", CORRECTED,
        (call(PUT, "lost, late, lagging"),), _patched(pushing, "settle_time", dt.timedelta),
    ),
    Rule(
        "a lost connection is unclear for running totals too", CORRECTED,
        (call(PUT, "lost, late, lagging"),), _also(Line({None}, Verdict.NOT_DONE)),
    ),
    Rule(
        "who was held up with an older count does not call", CORRECTED,
        (Planned("turn", PUT, "long pause"),), _patched(pushing, "_must_leave_now", _nothing),
    ),
    Rule(
        "a count that is entered while the one before is under way gets a row of its own", CORRECTED,
        (), _patched(count_reports, "_freshen", _any_row_will_do),
    ),
    Rule(
        "each call sends the newest count", CORRECTED, (), _with_the_count_as_it_was,
    ),
    Rule(
        "a mail keeps its Message-ID", "e-mail",
        (Planned("mail", "send", "lost after"),), _patched(delivery, "message", _new_id_each_time),
    ),
    Rule(
        "a mail that may have left is sent again", "e-mail",
        (Planned("mail", "send", "lost before"),),
        _patched(delivery, "doubtful", lambda row, _error: drain.done(None)),
    ),
)  # fmt: skip
