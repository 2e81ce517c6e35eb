"""What the search of this area finds: a few productions, performances and agreements of the organisation's own."""

from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import F

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.meaning import Meaning
from dipportal.catalogue.models import Production
from dipportal.catalogue.searching import asked, is_plain, marked
from dipportal.contracts import queries as contracts
from dipportal.core import together
from dipportal.core.repeated import TEXT, Repeated
from dipportal.organisations.models import Organisation

# In the order in which the model has them: `from_db` counts.
PRODUCTION = ("id", "dip_id", "title", "season")
PERFORMANCE = ("number", "starts_at", "production_id", "title", "house", "in_dip")
AGREEMENT = ("first_at", "status", "reference", "title", "house")
# What is shown of the production and the theater of a row stands beside its own columns: nothing else of them is read.
ABOUT = {"title": F("production__title"), "house": F("theater__name")}


class Found(NamedTuple):
    productions: list[Production]
    performances: list[Any]  # Performance with `title`, `house` and `in_dip`, the first part of its DIP-id
    contracts: list[Any]  # Contract with `title` and `house`


def find(organisation: Organisation, text: str, *, most: int) -> Found:
    """At most so many of each: productions of the newest season first, the others the latest first."""
    text = text.strip()
    # Where it can be a part of a DIP-id or of a number, the questions are others for each text.
    plain = is_plain(text)
    first = _first(organisation, most) if plain else _first_about(organisation, text, most)
    found, _counts = first.read(text)
    known = Meaning.of(found)
    if plain:
        evenings, agreements = _plain(organisation, known.productions is None, known.theaters is None, most)
    else:
        evenings, agreements = _about(organisation, text, known, most)
    keys = (known.productions or [], known.theaters or [])
    return Found(
        [Production.from_db(None, PRODUCTION, row) for row in found["own"]],
        [] if plain and known.empty else evenings.read(*keys, text=text),
        agreements.read(*keys, text=text),
    )


@lru_cache(maxsize=256)
def _first(organisation: Organisation, most: int) -> together.Written:
    return _first_about(organisation, TEXT, most)


def _first_about(organisation: Organisation, text: str, most: int) -> together.Written:
    own = catalogue.titles_of(organisation).search(text).order_by("-season", "title", "pk")
    return together.written({"own": own.values_list(*PRODUCTION)[:most], **asked(organisation, text)})


@lru_cache(maxsize=512)
def _plain(organisation: Organisation, many_titles: bool, many_theaters: bool, most: int) -> tuple[Repeated, Repeated]:
    return _about(organisation, TEXT, marked(many_titles=many_titles, many_theaters=many_theaters), most)


def _about(organisation: Organisation, text: str, known: Meaning, most: int) -> tuple[Repeated, Repeated]:
    """The performances and the agreements."""
    evenings = catalogue.visible_performances(organisation).search(text, known)
    evenings = evenings.annotate(**ABOUT, in_dip=F("production__dip_id")).order_by("-starts_at", "-pk")
    agreements = contracts.visible_contracts(organisation).filter(discarded_at=None).search(text, meaning=known)
    agreements = agreements.annotate(**ABOUT).order_by("-first_at", "-pk")
    return Repeated(evenings[:most], PERFORMANCE), Repeated(agreements[:most], AGREEMENT)
