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
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.providers import queries

SHOWN = 5


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
        "conflicts",
        _("Answered differently here and in DIP"),
        _("Agree with the theater which answer counts."),
        "alert-triangle",
        "danger",
        queries.conflicts,
        "contracts",
        {"attention": "conflict", "order": "date"},
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


@dataclass(frozen=True)
class Section:
    kind: Kind
    rows: list[Any]
    count: int
    url: str

    @property
    def more(self) -> bool:
        return self.count > len(self.rows)


def sections(organisation: Organisation, actor: Actor) -> list[Section]:
    """Only what is not empty. Two queries a kind."""
    found = []
    for kind in KINDS:
        rows = kind.rows(organisation, actor)
        count = rows.count()
        if count:
            address = reverse(f"providers:{kind.page}", kwargs={"organisation": organisation.slug})
            found.append(Section(kind, list(rows[:SHOWN]), count, f"{address}?{urlencode(kind.chosen)}"))
    return found
