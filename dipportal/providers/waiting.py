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
    rows: Callable[[Organisation], QuerySet[Any]]
    page: str
    chosen: dict[str, str]


KINDS = (
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
        "unanswered",
        _("Proposed, not answered yet"),
        _("The longest waiting first."),
        "hourglass",
        "info",
        queries.unanswered,
        "contracts",
        {"status": "proposed", "order": "proposed"},
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
        lambda organisation: contracts.performances_without_contract(organisation).order_by("starts_at", "pk"),
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


def sections(organisation: Organisation) -> list[Section]:
    """Only what is not empty. Two queries a kind."""
    found = []
    for kind in KINDS:
        rows = kind.rows(organisation)
        count = rows.count()
        if count:
            address = reverse(f"providers:{kind.page}", kwargs={"organisation": organisation.slug})
            found.append(Section(kind, list(rows[:SHOWN]), count, f"{address}?{urlencode(kind.chosen)}"))
    return found
