"""What was last seen of DIP's records of one kind, and what a page brings that is new: one digest per record.

A page is held as it came. What has the digest that is remembered is not even read: only the news are parsed.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.core import bulk
from dipportal.dip import wire_peek
from dipportal.dip.client import parsed
from dipportal.dip.models import RemoteRecord
from dipportal.dip.records import Fault, Raw
from dipportal.dip.slices import Slice, peek, text_of
from dipportal.dip.values import Unreadable, digest, digests
from dipportal.organisations.models import Organisation

# So many records are not gone all at once: a list that came back empty in their place is a broken answer. Fewer may be.
MANY = 3
# Digits of half a digest.
HALF = 32
R = TypeVar("R")


class Known(NamedTuple):
    remote_id: str
    pk: int
    digest: str
    status: str
    fault: str
    missing_since: dt.datetime | None
    local_id: int | None

    @property
    def missing(self) -> bool:
        return self.missing_since is not None


@dataclass
class Page(Generic[R]):
    """The records of one page by their id as text, as they came. `whole`: every one of them could be identified.

    `raws` are records or slices of a body; `peeks` what wire_peek reads of each. `records` and `faults` hold those that
    were parsed (`read`): of a page that was seen before, none.

    `digests`: of a record its digest. Of a slice half a digest, of its bytes: as long as DIP writes it the same way
    that is all that is compared. What is stored behind it is half a digest of what it says, whatever the order of its
    members; that is compared when the first half differs.
    """

    parse: Callable[[Raw], R]
    raws: dict[str, Any] = field(default_factory=dict)
    peeks: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    records: dict[str, R] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    whole: bool = True
    _opened: dict[str, Any] = field(default_factory=dict)
    _halves: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> Collection[str]:
        return self.digests.keys()

    def unchanged(self, news: Collection[str]) -> int:
        """How many are as they were, `news` being those that were read and are not."""
        return len(self.raws) - len(self.faults) - len(news)

    def add(self, raws: list[Any], identify: Callable[[Any], str]) -> None:
        """Put in a list. Of two records with one id the later counts, but one that cannot be read is never hidden."""
        if raws and type(raws[0]) is Slice:
            peeks, seen = [peek(raw, parsed) for raw in raws], [_half(raw) for raw in raws]
        else:
            peeks, seen = raws, digests(raws)
        for raw, known_by, digest_ in zip(raws, peeks, seen, strict=True):
            key = identify(known_by)
            if not key:
                key = f"?{digest_[:40]}"
                self.whole = False
            elif key in self.raws:
                self.read([key])
                if key in self.faults:
                    continue
                self.records.pop(key, None)
                self._opened.pop(key, None)
                self._halves.pop(key, None)
            self.raws[key], self.peeks[key], self.digests[key] = raw, known_by, digest_

    def same(self, key: str, known: str) -> bool:
        """Is this what was stored with that digest?"""
        seen = self.digests[key]
        if known == seen or (len(seen) == HALF and known[:HALF] == seen):
            return True
        return len(seen) == HALF and bool(known[HALF:]) and known[HALF:] == self._said(key)

    def digest_of(self, key: str) -> str:
        """What is stored with it."""
        seen = self.digests[key]
        return seen + self._said(key) if len(seen) == HALF else seen

    def _said(self, key: str) -> str:
        """The second half; where nobody can read what a slice says, the first half once more."""
        if key not in self._halves:
            try:
                self._halves[key] = digest(self._open(key))[HALF:]
            except Unreadable:
                self._halves[key] = self.digests[key]
        return self._halves[key]

    def _open(self, key: str) -> Any:
        """What came, read. Raises Unreadable."""
        raw = self.raws[key]
        if type(raw) is not Slice:
            return raw
        if key not in self._opened:
            try:
                self._opened[key] = parsed(bytes(raw))
            except (ValueError, RecursionError) as error:
                raise Unreadable(_("it is no JSON that can be read")) from error
        return self._opened[key]

    def read(self, keys: Iterable[str]) -> None:
        """Parse these, if that was not done yet."""
        for key in keys:
            if key in self.records or key in self.faults:
                continue
            try:
                self.records[key] = wire_peek.parse_one(self._open(key), self.parse)
            except Unreadable as error:
                self.faults[key] = Fault(self._to_look_at(key), str(error), key)

    def _to_look_at(self, key: str) -> Any:
        raw = self.raws[key]
        return self._opened.get(key, text_of(raw)) if type(raw) is Slice else raw

    def read_all(self) -> "Page[R]":
        self.read(self.raws)
        return self


def _half(raw: Slice) -> str:
    return hashlib.sha256(raw).hexdigest()[:HALF]


def page_of(
    lists: Iterable[list[Any]], parse: Callable[[Raw], R], identify: Callable[[Any], str] = wire_peek.number_in
) -> Page[R]:
    """Join lists of raw records into one page; `identify` tells the id of one, '' when it has none that can be read."""
    page = Page(parse)
    for one in lists:
        page.add(one, identify)
    return page


@dataclass
class Memory:
    """The remembered records of one kind, of one organisation or (reference data) of nobody."""

    organisation: Organisation | None
    kind: str
    known: dict[str, Known] = field(default_factory=dict)
    _new: dict[str, dict[str, Any]] = field(default_factory=dict)
    _old: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, organisation: Organisation | None, kind: str, ids: Collection[str] | None = None) -> "Memory":
        """One query for all digests; `ids` limits it to these."""
        rows = RemoteRecord.objects.filter(organisation=organisation, kind=kind).order_by()
        if ids is not None:
            rows = rows.filter(remote_id__in=list(ids))
        found = rows.values_list("remote_id", "pk", "digest", "status", "fault", "missing_since", "local_id")
        return cls(organisation, kind, {row[0]: row for row in map(Known._make, found)})

    def news(self, page: Page[R]) -> dict[str, R]:
        """The records that are news, parsed; those that cannot be are among the page's faults.

        News is what is new, changed, back again, or was set aside before: that is tried again each time it is seen.
        """
        known = self.known.get
        keys = [
            key
            for key, digest_ in page.digests.items()
            if (one := known(key)) is None
            or one.fault
            or one.missing_since is not None
            or not (one.digest.startswith(digest_) or page.same(key, one.digest))
        ]
        page.read(keys)
        return {key: page.records[key] for key in keys if key in page.records}

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
        row = {
            # The column knows no null.
            "raw": {} if raw is None else raw,
            "digest": digest_,
            "fault": fault,
            "status": status[:60],
            "modified_at": modified_at,
            "local_id": local_id if local_id is not None or known is None else known.local_id,
            "state_digest": state_digest,
        }
        if known is None:
            self._new[key] = row
        else:
            self._old[key] = row

    def set_aside(self, page: Page[Any]) -> int:
        """Note the unreadable records with their reason. Returns how many are new or different."""
        fresh = 0
        for key, fault in page.faults.items():
            known = self.known.get(key)
            if known is None or not page.same(key, known.digest) or known.fault != fault.reason:
                self.remember(key, raw=fault.raw, digest_=page.digest_of(key), fault=fault.reason)
                fresh += 1
        return fresh

    def returned_again(self, ids: Collection[str]) -> list[str]:
        return [key for key, known in self.known.items() if known.missing_since is not None and key in ids]

    def not_returned(self, ids: Collection[str]) -> list[str]:
        """What was known, and is not among these; without those that are marked already."""
        return [key for key, known in self.known.items() if key not in ids and known.missing_since is None]

    def surely_gone(self, keys: Collection[str], *, asked_at: dt.datetime) -> list[str]:
        """Without what a push made or changed since the question, or so shortly before that the answer may lack it.

        A push leaves no digest; what a pull saw in a list has one, and its absence means something at once.
        """
        pushed = [self.known[key].pk for key in keys if not self.known[key].digest]
        if not pushed:
            return list(keys)
        since = asked_at - dt.timedelta(seconds=float(settings.DIP_SETTLE_SECONDS))
        rows = RemoteRecord.objects.filter(pk__in=pushed, seen_at__gte=since)
        fresh = set(rows.values_list("remote_id", flat=True))
        return [key for key in keys if key not in fresh]

    def mark(self, keys: Collection[str], *, missing: bool) -> None:
        if keys:
            RemoteRecord.objects.filter(pk__in=[self.known[key].pk for key in keys]).update(
                missing_since=timezone.now() if missing else None
            )

    def store(self) -> None:
        """Write what was noted.

        Raises IntegrityError when the push stored one of the new ones meanwhile: the step is done anew, and sees it.
        """
        now = timezone.now()
        shared = {"seen_at": now, "missing_since": None}
        of = {"organisation_id": self.organisation.pk if self.organisation else None, "kind": self.kind, **shared}
        bulk.insert(RemoteRecord, ({**of, "remote_id": key, **row} for key, row in self._new.items()))
        bulk.update(
            RemoteRecord, [{**shared, "id": self.known[key].pk, **row} for key, row in self._old.items()], _COLUMNS
        )
        self._new.clear()
        self._old.clear()


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
