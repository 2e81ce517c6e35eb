"""What the search of this area finds: a few productions, performances and agreements of the organisation's own."""

from typing import Any, NamedTuple

from django.db.models import F

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.meaning import Meaning
from dipportal.catalogue.models import Production
from dipportal.catalogue.searching import asked
from dipportal.contracts import queries as contracts
from dipportal.core import together
from dipportal.organisations.models import Organisation

# In the order in which the model has them: `from_db` counts.
PRODUCTION = ("id", "dip_id", "title", "season")
# What is shown of the production and the theater of a row stands beside its own columns: nothing else of them is read.
ABOUT = {"title": F("production__title"), "house": F("theater__name")}


class Found(NamedTuple):
    productions: list[Production]
    performances: list[Any]  # Performance with `title`, `house` and `in_dip`, the first part of its DIP-id
    contracts: list[Any]  # Contract with `title` and `house`


def find(organisation: Organisation, text: str, *, most: int) -> Found:
    """At most so many of each: productions of the newest season first, the others the latest first."""
    own = catalogue.titles_of(organisation).search(text).order_by("-season", "title", "pk")
    found, _counts = together.read({"own": own.values_list(*PRODUCTION)[:most], **asked(organisation, text)})
    known = Meaning.of(found)
    return Found(
        [Production.from_db(None, PRODUCTION, row) for row in found["own"]],
        _performances(organisation, text, known, most),
        _contracts(organisation, text, known, most),
    )


def _performances(organisation: Organisation, text: str, known: Meaning, most: int) -> list[Any]:
    rows = catalogue.performances_of(organisation).select_related(None).search(text, known)
    shown = rows.only("number", "starts_at", "production_id").annotate(**ABOUT, in_dip=F("production__dip_id"))
    return list(shown.order_by("-starts_at", "pk")[:most])


def _contracts(organisation: Organisation, text: str, known: Meaning, most: int) -> list[Any]:
    rows = contracts.contracts_of(organisation).filter(discarded_at=None).search(text, meaning=known)
    shown = rows.select_related(None).only("first_at", "status", "reference").annotate(**ABOUT)
    return list(shown.order_by("-first_at", "-pk")[:most])
