"""What was last seen of DIP's records of one kind, and what a page brings that is new: one digest per record."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.utils import timezone

from dipportal.dip.models import RemoteRecord
from dipportal.dip.records import Fault, Parsed
from dipportal.dip.values import digest
from dipportal.organisations.models import Organisation

CHUNK = 1000
# So many records are not gone all at once: a list that came back empty in their place is a broken answer. Fewer may be.
MANY = 3
R = TypeVar("R")


@dataclass(frozen=True)
class Known:
    pk: int
    digest: str
    status: str
    fault: str
    missing: bool
    local_id: int | None


@dataclass(frozen=True)
class Page(Generic[R]):
    """The records of one page by their id as text. `whole` is False when one could not even be identified."""

    records: Mapping[str, R]
    faults: Mapping[str, Fault]
    digests: Mapping[str, str]
    whole: bool

    @property
    def ids(self) -> set[str]:
        return {*self.records, *self.faults}


def page_of(parsed: Iterable[Parsed[Any]], identify: Any = None) -> "Page[Any]":
    """Join parsed lists into one page; of two records with one id the later counts."""
    records: dict[str, Any] = {}
    faults: dict[str, Fault] = {}
    digests: dict[str, str] = {}
    whole = True
    for part in parsed:
        for one in part.records:
            key = str(identify(one) if identify else one.id)
            records[key] = one
            digests[key] = digest(one.raw)
        for fault in part.faults:
            # Something that is no record has no id, whatever it says; it is known by that.
            known_as = fault.remote_id[:60] if isinstance(fault.raw, dict) else ""
            whole = whole and bool(known_as)
            key = known_as or f"?{digest(fault.raw)[:40]}"
            faults[key] = fault
            digests[key] = digest(fault.raw)
    return Page({key: one for key, one in records.items() if key not in faults}, faults, digests, whole)


@dataclass
class Memory:
    """The remembered records of one kind, of one organisation or (reference data) of nobody."""

    organisation: Organisation | None
    kind: str
    known: dict[str, Known] = field(default_factory=dict)
    _rows: dict[str, RemoteRecord] = field(default_factory=dict)

    @classmethod
    def load(cls, organisation: Organisation | None, kind: str, ids: Collection[str] | None = None) -> "Memory":
        """One query for all digests; `ids` limits it to these."""
        rows = RemoteRecord.objects.filter(organisation=organisation, kind=kind)
        if ids is not None:
            rows = rows.filter(remote_id__in=ids)
        found = rows.values_list("remote_id", "pk", "digest", "status", "fault", "missing_since", "local_id")
        known = {
            key: Known(pk, digest_, status, fault, missing is not None, local_id)
            for key, pk, digest_, status, fault, missing, local_id in found
        }
        return cls(organisation, kind, known)

    def is_news(self, key: str, digest_: str) -> bool:
        """New, changed, back again, or set aside before: what failed once is tried again each time it is seen."""
        known = self.known.get(key)
        return known is None or known.digest != digest_ or known.missing or bool(known.fault)

    def news(self, page: Page[R]) -> dict[str, R]:
        return {key: one for key, one in page.records.items() if self.is_news(key, page.digests[key])}

    def seen_before(self, key: str) -> bool:
        """Was it seen before, by a pull or by the push? Then a change is a change, and not the first sight of it."""
        known = self.known.get(key)
        return known is not None and not known.fault

    def remember(
        self,
        key: str,
        *,
        raw: Any,
        digest_: str,
        fault: str = "",
        status: str = "",
        modified_at: dt.datetime | None = None,
        local_id: int | None = None,
        state_digest: str = "",
    ) -> None:
        """Note what is to be stored; `store` writes it."""
        known = self.known.get(key)
        self._rows[key] = RemoteRecord(
            pk=known.pk if known else None,
            organisation=self.organisation,
            kind=self.kind,
            remote_id=key,
            # The column knows no null.
            raw={} if raw is None else raw,
            digest=digest_,
            fault=fault,
            status=status[:60],
            modified_at=modified_at,
            local_id=local_id if local_id is not None else (known.local_id if known else None),
            state_digest=state_digest,
            seen_at=timezone.now(),
            missing_since=None,
        )

    def set_aside(self, page: Page[Any]) -> int:
        """Note the unreadable records with their reason. Returns how many are new or different."""
        fresh = 0
        for key, fault in page.faults.items():
            known = self.known.get(key)
            if known is None or known.digest != page.digests[key] or known.fault != fault.reason:
                self.remember(key, raw=fault.raw, digest_=page.digests[key], fault=fault.reason)
                fresh += 1
        return fresh

    def returned_again(self, ids: Collection[str]) -> list[str]:
        return [key for key in ids if key in self.known and self.known[key].missing]

    def not_returned(self, ids: Collection[str]) -> list[str]:
        """What was known, and is not among these; without those that are marked already."""
        return [key for key, known in self.known.items() if key not in ids and not known.missing]

    def mark(self, keys: Collection[str], *, missing: bool) -> None:
        if keys:
            RemoteRecord.objects.filter(pk__in=[self.known[key].pk for key in keys]).update(
                missing_since=timezone.now() if missing else None
            )

    def store(self) -> None:
        """Write what was noted. A record that the push stored meanwhile stays as it is until it is seen again."""
        new = [row for row in self._rows.values() if row.pk is None]
        old = [row for row in self._rows.values() if row.pk is not None]
        if new:
            RemoteRecord.objects.bulk_create(new, ignore_conflicts=True, batch_size=CHUNK)
        if old:
            RemoteRecord.objects.bulk_update(old, _COLUMNS, batch_size=CHUNK)
        self._rows.clear()


_COLUMNS = (
    "raw",
    "digest",
    "fault",
    "status",
    "modified_at",
    "local_id",
    "state_digest",
    "seen_at",
    "missing_since",
)
