"""What waits for a provider: the sections of the start page, each with its first rows and the way to the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.contracts import queries as contracts
from dipportal.core.listing import counts, first_keys
from dipportal.core.markup import whole
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.providers import queries

SHOWN = 5
# Counted so far, and then "and more".
MOST = 1_000


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
        lambda organisation, _actor: contracts.performances_without_contract(organisation).order_by("starts_at", "pk"),
        "performances",
        {"agreement": "none", "order": "date"},
    ),
)


# What the sections of each page show of their rows.
READ: dict[str, Callable[[Organisation], QuerySet[Any]]] = {
    "contracts": queries.listed,
    "performances": queries.listed_performances,
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


def sections(organisation: Organisation, actor: Actor) -> list[Section]:
    """Only what is not empty. Four queries: the first keys of every kind, the rows of each page, and how many more."""
    wanted = {kind.name: kind.rows(organisation, actor) for kind in KINDS}
    keys = first_keys(wanted, most=SHOWN + 1)
    rows = _rows(organisation, keys)
    full = [name for name in wanted if len(keys[name]) > SHOWN]
    numbers = dict(zip(full, counts([wanted[name] for name in full], most=MOST + 1), strict=True)) if full else {}
    found = []
    for kind in KINDS:
        if keys[kind.name]:
            address = reverse(f"providers:{kind.page}", kwargs={"organisation": organisation.slug})
            number = numbers.get(kind.name, len(keys[kind.name]))
            shown = rows[kind.name]
            found.append(Section(kind, shown, number, f"{address}?{urlencode(kind.chosen)}"))
    return found


def _rows(organisation: Organisation, keys: dict[str, list[int]]) -> dict[str, list[Any]]:
    """The rows to show of each kind, each page's rows in one query."""
    found: dict[str, list[Any]] = {}
    for page in {kind.page for kind in KINDS}:
        names = [kind.name for kind in KINDS if kind.page == page]
        shown = {name: keys[name][:SHOWN] for name in names}
        every = {key for some in shown.values() for key in some}
        rows = READ[page](organisation).in_bulk(every) if every else {}
        found |= {name: [rows[key] for key in some if key in rows] for name, some in shown.items()}
    return found
