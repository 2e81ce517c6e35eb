"""What was last seen of DIP's records of one kind, and what a page brings that is new: one digest per record.

A page is held as it came. What has the digest that is remembered is not even read: only the news are parsed.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.utils import timezone

from dipportal.core import bulk
from dipportal.dip import wire_peek
from dipportal.dip.models import RemoteRecord
from dipportal.dip.records import Fault, Raw
from dipportal.dip.values import Unreadable, digest
from dipportal.organisations.models import Organisation

# So many records are not gone all at once: a list that came back empty in their place is a broken answer. Fewer may be.
MANY = 3
R = TypeVar("R")


class Known(NamedTuple):
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

    `records` and `faults` hold those that were parsed (`read`): of a page that was seen before, none.
    """

    parse: Callable[[Raw], R]
    raws: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    records: dict[str, R] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    whole: bool = True

    @property
    def ids(self) -> Collection[str]:
        return self.digests.keys()

    def unchanged(self, news: Collection[str]) -> int:
        """How many are as they were, `news` being those that were read and are not."""
        return len(self.raws) - len(self.faults) - len(news)

    def add(self, raws: list[Any], identify: Callable[[Any], str]) -> None:
        """Put in a list. Of two records with one id the later counts, but one that cannot be read is never hidden."""
        for raw in raws:
            key = identify(raw)
            seen = digest(raw)
            if not key:
                key = f"?{seen[:40]}"
                self.whole = False
            elif key in self.raws:
                self.read([key])
                if key in self.faults:
                    continue
                self.records.pop(key, None)
            self.raws[key] = raw
            self.digests[key] = seen

    def read(self, keys: Iterable[str]) -> None:
        """Parse these, if that was not done yet."""
        for key in keys:
            if key in self.records or key in self.faults:
                continue
            raw = self.raws[key]
            try:
                self.records[key] = wire_peek.parse_one(raw, self.parse)
            except Unreadable as error:
                self.faults[key] = Fault(raw, str(error), key)

    def read_all(self) -> "Page[R]":
        self.read(self.raws)
        return self


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
        return cls(organisation, kind, {row[0]: Known(*row[1:]) for row in found})

    def news(self, page: Page[R]) -> dict[str, R]:
        """The records that are news, parsed; those that cannot be are among the page's faults.

        News is what is new, changed, back again, or was set aside before: that is tried again each time it is seen.
        """
        steady = {key: one.digest for key, one in self.known.items() if not one.fault and one.missing_since is None}
        keys = [key for key, digest_ in page.digests.items() if steady.get(key) != digest_]
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
            if known is None or known.digest != page.digests[key] or known.fault != fault.reason:
                self.remember(key, raw=fault.raw, digest_=page.digests[key], fault=fault.reason)
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
