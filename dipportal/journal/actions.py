"""Writing the journal, and telling the rooms above that a line was written."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.utils import timezone

from dipportal.core import bulk
from dipportal.journal.codes import Audience, lookup
from dipportal.journal.models import Entry


class Acting(Protocol):
    """Who acts: see organisations.actors.Actor."""

    @property
    def kind(self) -> str: ...
    @property
    def user(self) -> Any: ...
    @property
    def organisation(self) -> Any: ...
    @property
    def name(self) -> str: ...


Handler = Callable[[Entry], None]
OfMany = Callable[[Sequence[Entry]], None]
_handlers: dict[str, list[Handler]] = defaultdict(list)
_of_many: dict[str, list[OfMany]] = defaultdict(list)


def on(*codes: str) -> Callable[[Handler], Handler]:
    """Register a handler for codes; it runs in the transaction that writes the entry, so it may only write rows."""

    def register(handler: Handler) -> Handler:
        for code in codes:
            if handler not in _handlers[code]:
                _handlers[code].append(handler)
        return handler

    return register


def on_many(*codes: str) -> Callable[[OfMany], OfMany]:
    """As `on`, for a handler that takes all lines which are written together: a bulk write stays a bulk write."""

    def register(handler: OfMany) -> OfMany:
        for code in codes:
            if handler not in _of_many[code]:
                _of_many[code].append(handler)
        return handler

    return register


def record(
    code: str,
    target: models.Model,
    *,
    actor: Acting,
    thread: str = "",
    reason: str = "",
    fields: dict[str, Any] | None = None,
    audience: Audience | None = None,
) -> Entry:
    """Write one line and run the handlers of its code, all inside the caller's transaction.

    Raises ImproperlyConfigured outside a transaction: a line without its change, or the reverse, must not exist.
    """
    entry = _entry(code, Line(target, thread=thread, reason=reason, fields=fields or {}), actor, audience)
    entry.save(force_insert=True)
    _tell(code, [entry])
    return entry


@dataclass(frozen=True, slots=True)
class Target:
    """What a line is about, for who has no model of it at hand: `kind` is the label of the model, in lower case."""

    kind: str
    pk: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of many: what `record` takes, without the code and the actor that they share."""

    target: models.Model | Target
    thread: str = ""
    reason: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


def record_many(code: str, lines: Sequence[Line], *, actor: Acting) -> None:
    """`record` for a bulk write: one statement for all lines, then the handlers for each, and those for all."""
    if not (_handlers[code] or _of_many[code]):
        _in_transaction()
        shared = _shared(code, actor, None)
        bulk.insert(Entry, ({**shared, **_own(line)} for line in lines))
        return
    entries = [_entry(code, line, actor, None) for line in lines]
    Entry.objects.bulk_create(entries, batch_size=1000)
    _tell(code, entries)


def _tell(code: str, entries: Sequence[Entry]) -> None:
    for entry in entries:
        for handler in _handlers[code]:
            handler(entry)
    for of_many in _of_many[code]:
        if entries:
            of_many(entries)


def _entry(code: str, line: Line, actor: Acting, audience: Audience | None) -> Entry:
    _in_transaction()
    return Entry(**_shared(code, actor, audience), **_own(line))


def _in_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise ImproperlyConfigured("journal.record belongs in the transaction of the change it records")


def _shared(code: str, actor: Acting, audience: Audience | None) -> dict[str, Any]:
    return {
        "at": timezone.now(),
        "code": code,
        "audience": audience or lookup(code).audience,
        "actor_kind": actor.kind,
        "user_id": actor.user.pk if actor.user is not None else None,
        "who": actor.name[:200],
        "organisation_id": actor.organisation.pk if actor.organisation is not None else None,
    }


def _own(line: Line) -> dict[str, Any]:
    target = line.target
    return {
        "target_kind": target.kind if isinstance(target, Target) else target._meta.label_lower,
        "target_id": str(target.pk),
        "thread": line.thread,
        "reason": line.reason,
        "fields": line.fields,
    }
