"""What a provider can do with productions and performances. Each action is one transaction: row and journal line.

Order in each: refuse by rule, lock, change by conditional UPDATE, journal. The rooms above hang their DIP operations
and mails on the journal line. `values` name exactly the fields below; the pull does not come through here.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import rules
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Producer, Production
from dipportal.catalogue.touched import locked, touched
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor

PRODUCTION_FIELDS = ("title", "season", "genre", "producer", "revival_of")
PERFORMANCE_FIELDS = (
    "theater",
    "hall",
    "starts_at",
    "kind",
    "private",
    "in_festival",
    "other_location",
    "capacity",
)
# A change in one of these moves the evening: both sides read it on their timeline.
MOVING = ("starts_at", "hall")
MOST_ROWS = 60
DOUBLE = _("This production already plays in this hall at this time.")


def create_production(*, values: dict[str, Any], actor: Actor) -> Production:
    """Enter a production. Raises NotAllowed and Invalid.

    `values`: title, season, genre (or None), producer, and optionally revival_of and co_producers.
    """
    own, co_producers = _split(values)
    _refuse_stranger(actor, own["producer"])
    _refuse_production({**own, "co_producers": co_producers or ()}, actor)
    with transaction.atomic():
        production = Production(**own)
        production.save(force_insert=True)
        production.co_producers.set(co_producers or ())
        record("production.created", production, actor=actor, thread=production.thread)
    return production


def update_production(production: Production, *, values: dict[str, Any], seen_version: int, actor: Actor) -> Production:
    """Change a production. A stale save raises StaleState; saving what already stands there does nothing.

    Without co_producers in `values` these stay as they are.
    """
    own, co_producers = _split(values)
    _refuse_stranger(actor, production.producer)
    _refuse_stranger(actor, own["producer"])
    _refuse_production({**own, "co_producers": co_producers or ()}, actor, production)
    with transaction.atomic():
        now = Production.objects.select_for_update(of=("self",)).get(pk=production.pk)
        _refuse_stale(now.version, seen_version)
        if now.cancelled_at is not None:
            raise StaleState(_("This production is cancelled, so it cannot be changed."))
        changed = _changes(now, own)
        if co_producers is not None:
            changed |= _change_co_producers(now, co_producers)
        if changed:
            Production.objects.filter(pk=now.pk).update(**own, version=F("version") + 1)
            record("production.updated", now, actor=actor, thread=now.thread, fields=changed)
    production.refresh_from_db()
    return production


def cancel_production(production: Production, *, actor: Actor, reason: str = "") -> list[Performance]:
    """Cancel a production and its future performances; returns these. Doing it again is a no-op."""
    _refuse_stranger(actor, production.producer)
    with transaction.atomic():
        rows = Production.objects.filter(pk=production.pk, cancelled_at=None)
        if rows.update(cancelled_at=timezone.now(), version=F("version") + 1) != 1:
            return []
        future = list(production.performances.upcoming().order_by("starts_at", "pk"))
        cancelled = [performance for performance in future if _cancel(performance, actor, reason)]
        touched([production.pk] if cancelled else [])
        record(
            "production.cancelled",
            production,
            actor=actor,
            thread=production.thread,
            reason=reason,
            fields={"performances": [performance.pk for performance in cancelled]},
        )
    production.refresh_from_db()
    return cancelled


def create_performances(production: Production, *, rows: Sequence[dict[str, Any]], actor: Actor) -> list[Performance]:
    """Enter performances, all or none. Invalid.fields is keyed `<row>-<field>`, the rows counted from 0."""
    _refuse_stranger(actor, production.producer)
    if not rows:
        raise Invalid(_("Fill in at least one performance."), code="no_rows")
    if len(rows) > MOST_ROWS:
        raise Invalid(_("Enter at most 60 performances at once."), code="too_many")
    with transaction.atomic():
        now = Production.objects.select_for_update(of=("self",)).get(pk=production.pk)
        if now.cancelled_at is not None:
            raise PortalError(_("This production is cancelled, so it gets no new performances."), code="cancelled")
        faults = _faults_in_rows(now, rows)
        if faults:
            raise Invalid(fields=faults)
        made = []
        for values in rows:
            performance = Performance(production=now, **_performance_values(values))
            performance.save(force_insert=True)
            record("performance.created", performance, actor=actor, thread=performance.thread)
            made.append(performance)
        touched([now.pk])
    return made


def create_performance(production: Production, *, values: dict[str, Any], actor: Actor) -> Performance:
    """Enter one performance; Invalid.fields is keyed by the field's name."""
    try:
        return create_performances(production, rows=[values], actor=actor)[0]
    except Invalid as refused:
        plain = {name.removeprefix("0-"): sentence for name, sentence in refused.fields.items()}
        raise Invalid(refused.sentence, fields=plain, code=refused.code) from None


def update_performance(
    performance: Performance, *, values: dict[str, Any], seen_version: int, actor: Actor
) -> Performance:
    """Change a performance. Another time or hall is written as 'moved', with the old and the new value.

    It stays in its theater: agreements and the theater's own system hang on it there. Raises NotAllowed, Invalid
    and StaleState.
    """
    _refuse_stranger(actor, performance.production.producer)
    wanted = _performance_values(values)
    faults = rules.faults_in_performance(wanted)
    if wanted["hall"] is not None and wanted["hall"].pk == performance.hall_id:
        faults.pop("hall", None)  # a hall that was retired since may stay
    if wanted["theater"].pk == performance.theater_id:
        faults.pop("theater", None)  # and so may its theater
    else:
        faults["theater"] = _(
            "A performance stays in its theater. Cancel this one, and enter a new one in the other theater."
        )
    with transaction.atomic():
        Production.objects.select_for_update(of=("self",)).get(pk=performance.production_id)
        now = Performance.objects.select_for_update(of=("self",)).get(pk=performance.pk)
        _refuse_stale(now.version, seen_version)
        if now.cancelled:
            raise StaleState(_("This performance is cancelled, so it cannot be changed."))
        if "starts_at" not in faults and _double(now.production_id, wanted, but=now.pk):
            faults["starts_at"] = DOUBLE
        if faults:
            raise Invalid(fields=faults)
        changed = _changes(now, wanted)
        if changed:
            Performance.objects.filter(pk=now.pk).update(**wanted, version=F("version") + 1)
            code = "performance.moved" if set(changed) & set(MOVING) else "performance.updated"
            now.refresh_from_db()
            record(code, now, actor=actor, thread=now.thread, fields=changed)
            touched([now.production_id])
    performance.refresh_from_db()
    return performance


def cancel_performance(performance: Performance, *, actor: Actor, reason: str = "") -> Performance:
    """Cancel one performance. Doing it again is a no-op."""
    _refuse_stranger(actor, performance.production.producer)
    with transaction.atomic():
        locked([performance.production_id])
        if _cancel(performance, actor, reason):
            touched([performance.production_id])
    performance.refresh_from_db()
    return performance


def _cancel(performance: Performance, actor: Actor, reason: str) -> bool:
    rows = Performance.objects.filter(pk=performance.pk, status=PerformanceStatus.AGREED)
    if rows.update(status=PerformanceStatus.CANCELLED, version=F("version") + 1) != 1:
        return False
    record("performance.cancelled", performance, actor=actor, thread=performance.thread, reason=reason)
    return True


def _split(values: dict[str, Any]) -> tuple[dict[str, Any], list[Producer] | None]:
    """The columns, and the co-producers if they are given. KeyError for a name that an editor may not set."""
    strangers = set(values) - {*PRODUCTION_FIELDS, "co_producers"}
    if strangers:
        raise KeyError(f"not for an editor: {', '.join(sorted(strangers))}")
    own = {"genre": None, "revival_of": None, **values}
    given = own.pop("co_producers", None)
    own["title"] = " ".join(own["title"].split())
    return own, None if given is None else list(given)


def _change_co_producers(production: Production, wanted: list[Producer]) -> dict[str, Any]:
    before = sorted(production.co_producers.values_list("pk", flat=True))
    after = sorted(producer.pk for producer in wanted)
    if before == after:
        return {}
    production.co_producers.set(wanted)
    return {"co_producers": [before, after]}


def _performance_values(values: dict[str, Any]) -> dict[str, Any]:
    strangers = set(values) - set(PERFORMANCE_FIELDS)
    if strangers:
        raise KeyError(f"not for an editor: {', '.join(sorted(strangers))}")
    plain = {"hall": None, "kind": "normal", "private": False, "in_festival": False, "other_location": False}
    return {**plain, "capacity": [], **values}


def _refuse_stranger(actor: Actor, producer: Producer) -> None:
    if not rules.acts_for_producer(actor, producer):
        raise NotAllowed


def _refuse_production(values: dict[str, Any], actor: Actor, existing: Production | None = None) -> None:
    faults = rules.faults_in_production(values, existing)
    revival_of = values.get("revival_of")
    if revival_of is not None and actor.is_person:
        visible = Production.objects.visible_to(actor.organisation).filter(pk=revival_of.pk)
        if not visible.exists():
            faults["revival_of"] = _("Choose one of your own productions.")
    if faults:
        raise Invalid(fields=faults)


def _refuse_stale(version: int, seen: int) -> None:
    if version != seen:
        raise StaleState


def _faults_in_rows(production: Production, rows: Sequence[dict[str, Any]]) -> dict[str, str | Promise]:
    faults: dict[str, str | Promise] = {}
    seen: set[tuple[Any, ...]] = set()
    for index, row in enumerate(rows):
        values = _performance_values(row)
        found = rules.faults_in_performance(values)
        place = (values["theater"].pk, values["hall"].pk if values["hall"] else None, values["starts_at"])
        if place in seen or _double(production.pk, values):
            found.setdefault("starts_at", DOUBLE)
        seen.add(place)
        faults.update({f"{index}-{name}": sentence for name, sentence in found.items()})
    return faults


def _double(production: int, values: dict[str, Any], but: int = 0) -> bool:
    """Does this production already play there and then? The production's row is locked by the caller.

    What was removed in DIP is in nobody's way: it may be entered anew.
    """
    rows = Performance.objects.agreed().filter(
        production=production, theater=values["theater"], hall=values["hall"], starts_at=values["starts_at"]
    )
    return rows.exclude(pk=but).exists()


def _changes(now: Model, wanted: dict[str, Any]) -> dict[str, Any]:
    """What differs, as the journal keeps it: name → [old, new]."""
    return {
        name: [plain(getattr(now, name)), plain(value)] for name, value in wanted.items() if getattr(now, name) != value
    }


def plain(value: Any) -> Any:
    """A value as the journal keeps it: a moment as ISO text in Amsterdam's time, a row as its id and name."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat()
    if isinstance(value, Model):
        return {"id": value.pk, "name": str(value)}
    return value
