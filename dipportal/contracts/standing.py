"""Standing agreements on file: which one counts for an agreement, and the writes. Each write is one transaction."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Theater
from dipportal.contracts import rules
from dipportal.contracts.models import Contract
from dipportal.contracts.models_standing import StandingAgreement, StandingQuerySet
from dipportal.core.dates import day
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Organisation

MOST_BYTES = 10 * 1024 * 1024


# --- reads -------------------------------------------------------------------------------------------------------
def standing_of(organisation: Organisation | None) -> StandingQuerySet:
    return StandingAgreement.objects.visible_to(organisation).select_related("provider", "receiver")


def on_file(contract: Contract) -> StandingAgreement | None:
    """The one between these two sides that is in force on the day of the first performance; the newest, of several.

    One query; none for a theater without an organisation here, or an agreement without a day.
    """
    receiver = contract.theater.receiver_id
    if receiver is None or contract.first_at is None:
        return None
    rows = StandingAgreement.objects.filter(provider=contract.provider_id, receiver=receiver)
    return rows.in_force_on(timezone.localdate(contract.first_at)).order_by("-valid_from", "-pk").first()


@dataclass(frozen=True)
class Notice:
    """What stands behind the term 'the standing agreement applies': which one, or that none is on file."""

    text: str
    found: StandingAgreement | None


def notice(contract: Contract) -> Notice | None:
    """None when the terms do not say that one applies. One query when they do."""
    if not contract.standing_agreement:
        return None
    found = on_file(contract)
    return Notice(applies(found) if found else str(rules.fault_in_standing(contract, found)), found)


def in_words(contract: Contract) -> str:
    """The term with what stands behind it, for paper."""
    told = notice(contract)
    return _("yes") + f". {told.text}" if told else _("no")


def theaters_to_choose() -> QuerySet[Theater]:
    """The theaters that an organisation runs here: with it a standing agreement can be made."""
    return Theater.objects.filter(receiver__isnull=False).select_related("receiver").order_by("name", "pk")


def applies(found: StandingAgreement) -> str:
    text = _("Standing agreement “%(title)s” (%(period)s) applies.")
    return text % {"title": found.title, "period": period(found)}


def period(found: StandingAgreement) -> str:
    words = {"from": day(found.valid_from), "until": day(found.valid_until)}
    return (_("from %(from)s until %(until)s") if found.valid_until else _("from %(from)s")) % words


# --- writes ------------------------------------------------------------------------------------------------------
def create(
    *,
    provider: Organisation,
    receiver: Organisation,
    values: Mapping[str, Any],
    file: UploadedFile[Any] | None = None,
    actor: Actor,
) -> StandingAgreement:
    """`values`: title, valid_from, valid_until (or None). Raises NotAllowed and Invalid."""
    actor.must_act_for(provider, Role.MANAGER)
    if provider.kind != Side.PROVIDER or receiver.kind != Side.RECEIVER:
        raise Invalid(fields={"theater": _("Choose a theater that somebody runs here.")})
    made = StandingAgreement(provider=provider, receiver=receiver, **_columns(values))
    refuse_file(file)
    with transaction.atomic():
        _refuse_overlap(made)
        kept = _keep(made, file)
        try:
            made.save(force_insert=True)
            record("standing.created", made, actor=actor, thread=made.thread, fields={"title": made.title, **kept})
        except Exception:
            made.file.delete(save=False)
            raise
    return made


def update(
    standing: StandingAgreement,
    *,
    values: Mapping[str, Any],
    file: UploadedFile[Any] | None = None,
    seen_version: int,
    actor: Actor,
) -> StandingAgreement:
    """Another title, other days, or another file in place of the one before. Saving what stands there is nothing.

    Raises NotAllowed, Invalid, StaleState, and PortalError('ended') for one that was ended.
    """
    actor.must_act_for(standing.provider, Role.MANAGER)
    columns = _columns(values)
    refuse_file(file)
    changed = [name for name, value in columns.items() if getattr(standing, name) != value]
    if not changed and file is None and standing.version == seen_version:
        return standing
    with transaction.atomic():
        wanted = StandingAgreement(pk=standing.pk, provider=standing.provider, receiver=standing.receiver, **columns)
        _refuse_overlap(wanted)
        before = _locked(standing, seen_version)
        kept = _keep(wanted, file)
        try:
            names = {"file": wanted.file.name} if file else {}
            _write(standing, seen_version, **columns, **names)
            record(
                "standing.updated", standing, actor=actor, thread=standing.thread, fields={"changed": changed, **kept}
            )
        except Exception:
            wanted.file.delete(save=False)
            raise
        if file and before.file:
            transaction.on_commit(partial(before.file.delete, save=False))
    standing.refresh_from_db()
    return standing


def end(standing: StandingAgreement, *, last_day: dt.date, seen_version: int, actor: Actor) -> StandingAgreement:
    """It counts until and including that day. What was ended already stays as it is."""
    actor.must_act_for(standing.provider, Role.MANAGER)
    with transaction.atomic():
        now = StandingAgreement.objects.select_for_update().get(pk=standing.pk)
        if now.ended_at is not None:
            return now
        if last_day < now.valid_from:
            raise Invalid(fields={"last_day": _("The last day cannot lie before the first.")})
        if now.valid_until is not None and last_day > now.valid_until:
            raise Invalid(fields={"last_day": _("It ends before that day already. Choose an earlier one.")})
        _write(now, seen_version, valid_until=last_day, ended_at=timezone.now())
        record("standing.ended", now, actor=actor, thread=now.thread, fields={"last_day": last_day.isoformat()})
    now.refresh_from_db()
    return now


def refuse_file(file: UploadedFile[Any] | None) -> None:
    """Raises Invalid for what is no PDF, by its first and last bytes, whatever its name says; or is too large."""
    if file is None:
        return
    if (file.size or 0) > MOST_BYTES:
        most = MOST_BYTES // (1024 * 1024)
        raise Invalid(fields={"file": _("This file is too large. At most %(most)d MB.") % {"most": most}})
    file.seek(0)
    head = file.read(5)
    file.seek(max(0, (file.size or 0) - 1024))
    tail = file.read()
    file.seek(0)
    if head != b"%PDF-" or b"%%EOF" not in tail:
        raise Invalid(fields={"file": _("This is not a PDF. Save it as a PDF first, and choose that file.")})


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    title, first, last = str(values["title"]).strip(), values["valid_from"], values["valid_until"]
    if not title:
        raise Invalid(fields={"title": _("Fill this in.")})
    if last is not None and last < first:
        raise Invalid(fields={"valid_until": _("The last day cannot lie before the first.")})
    return {"title": title, "valid_from": first, "valid_until": last}


def _refuse_overlap(wanted: StandingAgreement) -> None:
    """Of a pair one counts on a day. Whoever else makes one for this provider waits for the lock."""
    Organisation.objects.select_for_update().get(pk=wanted.provider_id)
    others = StandingAgreement.objects.filter(provider=wanted.provider_id, receiver=wanted.receiver_id)
    later_than_all = {} if wanted.valid_until is None else {"valid_from__lte": wanted.valid_until}
    found = others.exclude(pk=wanted.pk).filter(**later_than_all)
    found = found.exclude(valid_until__lt=wanted.valid_from)
    other = found.first()
    if other is not None:
        text = _("“%(title)s” counts in these days already (%(period)s). End it first, or choose other days.")
        words = {"title": other.title, "period": period(other)}
        raise Invalid(fields={"valid_from": text % words})


def _locked(standing: StandingAgreement, seen_version: int) -> StandingAgreement:
    now = StandingAgreement.objects.select_for_update().get(pk=standing.pk)
    if now.ended_at is not None:
        raise PortalError(_("This standing agreement was ended, so it stays as it is."), code="ended")
    if now.version != seen_version:
        raise StaleState
    return now


def _keep(row: StandingAgreement, file: UploadedFile[Any] | None) -> dict[str, str]:
    """Put the file in the private folder; for the journal: its digest. The row is not written here."""
    if file is None:
        return {}
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    row.file.save("standing.pdf", file, save=False)
    return {"sha256": digest}


def _write(standing: StandingAgreement, seen_version: int, **columns: Any) -> None:
    rows = StandingAgreement.objects.filter(pk=standing.pk, version=seen_version)
    if rows.update(**columns, version=F("version") + 1) != 1:
        raise StaleState
