"""What waits for a provider: the sections of the start page, each with its first rows and the way to the rest."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import queries as catalogue
from dipportal.contracts import queries as contracts
from dipportal.core.listing import Ask, First, Written, firsts, written
from dipportal.core.markup import whole
from dipportal.core.repeated import KEYS, Repeated
from dipportal.dip import queries as dip
from dipportal.journal.models import ActorKind
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.providers import conflicting, problems, queries

SHOWN = 5
# Counted so far, and then "and more".
MOST = 100


@dataclass(frozen=True)
class Kind:
    """One kind of waiting work. `page` and `chosen` are the filtered list with all of it."""

    name: str
    title: str | Promise
    text: str | Promise
    icon: str
    tone: str
    rows: Callable[[Organisation, Actor], QuerySet[Any]]
    page: str
    chosen: dict[str, str]


KINDS = (
    Kind(
        "counters",
        _("Adapted proposals to answer"),
        _("The theater sent back other terms. Accept them, decline them, or answer with your own."),
        "arrows-exchange",
        "warning",
        queries.counters,
        "contracts",
        {"attention": "counter", "order": "proposed"},
    ),
    Kind(
        "seconds",
        _("Waits for you as the second person"),
        _("A colleague agreed already. With your yes it goes to the theater."),
        "users",
        "warning",
        queries.seconds,
        "contracts",
        {"attention": "second", "order": "made"},
    ),
    Kind(
        "rejections",
        _("Rejected, nothing follows yet"),
        _("Read the reason and make a new version."),
        "circle-x",
        "danger",
        queries.rejections,
        "contracts",
        {"attention": "rejected", "order": "date"},
    ),
    Kind(
        "expired",
        _("Past the last day"),
        _("The theater can no longer approve these. Give another day, or withdraw the proposal."),
        "calendar-off",
        "danger",
        queries.expired,
        "contracts",
        {"attention": "expired", "order": "answer_by"},
    ),
    Kind(
        "unanswered",
        _("Proposed, not answered yet"),
        _("The longest waiting first."),
        "hourglass",
        "info",
        queries.unanswered,
        "contracts",
        {"attention": "unanswered", "order": "proposed"},
    ),
    Kind(
        "called_off",
        _("Concepts of which nothing takes place any more"),
        _("All their evenings were cancelled or are gone in DIP. Choose others, or give the concept up."),
        "calendar-off",
        "neutral",
        queries.called_off,
        "contracts",
        {"attention": "off", "order": "date"},
    ),
    Kind(
        "concepts",
        _("Concepts never sent"),
        _("The theater sees nothing of these."),
        "pencil",
        "neutral",
        queries.concepts,
        "contracts",
        {"status": "concept", "order": "date"},
    ),
    Kind(
        "bare",
        _("Performances without agreement"),
        _("Still to come, in theaters that are members of DIP."),
        "calendar-event",
        "warning",
        queries.bare,
        "performances",
        {"agreement": "none", "order": "date"},
    ),
)


# No index has their order together with what they are asked for.
APART = ("bare",)
# Asked for the person who looks, and not kept.
PERSONAL = ("seconds",)
# In whose name the others are asked: somebody without a name, an organisation or a right.
NOBODY = Actor(ActorKind.USER)
# Of an agreement, what the sections show of it.
SHOWN_OF_IT = (
    "type", "first_at", "proposed_at", "answer_by", "endorsed_at", "created_at", "answered_at", "rejection_reason",
)  # fmt: skip
NAMED = {"production": ("title",), "theater": ("name",)}


@lru_cache(maxsize=256)
def _agreements(organisation: Organisation) -> Repeated:
    rows = contracts.visible_contracts(organisation).filter(pk__in=KEYS[0])
    return Repeated(rows.order_by(), SHOWN_OF_IT, NAMED)


@lru_cache(maxsize=256)
def _performances(organisation: Organisation) -> Repeated:
    rows = catalogue.visible_performances(organisation).filter(pk__in=KEYS[0])
    return Repeated(rows.order_by(), ("starts_at",), NAMED)


# How the rows of each page's sections are read.
READ: dict[str, Callable[[Organisation], Repeated]] = {
    "contracts": _agreements,
    "performances": _performances,
}


@dataclass(frozen=True)
class Section:
    kind: Kind
    rows: list[Any]
    count: int
    url: str

    @property
    def more(self) -> bool:
        return self.count > len(self.rows)

    @property
    def told(self) -> str:
        """The count; whoever has this many waiting need not know how many exactly."""
        return f"{whole(MOST)}+" if self.count > MOST else whole(self.count)


@dataclass(frozen=True)
class Waiting:
    """All that waits: sections that are not empty, what did not reach DIP and why, and what is not the same there."""

    sections: list[Section]
    problems: list[problems.Problem]
    conflicts: conflicting.First
    away: dip.Away | None

    @property
    def nothing(self) -> bool:
        return not (self.sections or self.problems or self.conflicts.count)


def of(organisation: Organisation, actor: Actor) -> Waiting:
    """Three queries: the first keys of everything with how many there are, and the rows of each page.

    What is about DIP is read only if that first statement found any; mostly there is nothing.
    """
    lasting = _lasting(organisation, timezone.localdate(), MOST).at(timezone.now())
    found = firsts(lasting.beside(written(_asks(organisation, actor, personal=True))))
    unlike = conflicting.first(organisation, SHOWN) if found["conflicts"].count else conflicting.First([], 0)
    return Waiting(
        _sections(organisation, found),
        problems.of(organisation, most=SHOWN) if found["problems"].count else [],
        unlike,
        dip.away_of(dip.connection_of(organisation)) if found["troubled"].count else None,
    )


def _asks(organisation: Organisation, actor: Actor, *, personal: bool) -> dict[str, Ask]:
    rows = {kind.name: kind.rows(organisation, actor) for kind in KINDS if (kind.name in PERSONAL) is personal}
    return {name: Ask(some, SHOWN, MOST + 1, apart=name in APART) for name, some in rows.items()}


@lru_cache(maxsize=256)
def _lasting(organisation: Organisation, _day: dt.date, _most: int) -> Written:
    """What is asked for everybody of an organisation depends on it and the day alone, so the statement is kept."""
    about_dip = {
        "problems": problems.waiting(organisation),
        "conflicts": conflicting.waiting(organisation),
        "troubled": dip.troubled(organisation),
    }
    asks = {name: Ask(rows, 1, 1) for name, rows in about_dip.items()}
    return written(_asks(organisation, NOBODY, personal=False) | asks)


def _sections(organisation: Organisation, found: dict[str, First]) -> list[Section]:
    rows = _rows(organisation, found)
    pages = {page: reverse(f"providers:{page}", kwargs={"organisation": organisation.slug}) for page in READ}
    return [
        Section(kind, rows[kind.name], found[kind.name].count, f"{pages[kind.page]}?{urlencode(kind.chosen)}")
        for kind in KINDS
        if found[kind.name].count
    ]


def _rows(organisation: Organisation, found: dict[str, First]) -> dict[str, list[Any]]:
    """The rows to show of each kind, each page's rows in one query."""
    shown: dict[str, list[Any]] = {}
    for page, read in READ.items():
        keys = {kind.name: found[kind.name].keys for kind in KINDS if kind.page == page}
        every = list({key for some in keys.values() for key in some})
        rows = {row.pk: row for row in read(organisation).read(every)} if every else {}
        shown |= {name: [rows[key] for key in some if key in rows] for name, some in keys.items()}
    return shown
