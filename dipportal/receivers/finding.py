"""What the search of this area finds: the latest agreements and performances of this house."""

from functools import cache, lru_cache
from typing import NamedTuple

from dipportal.catalogue.meaning import Meaning
from dipportal.catalogue.models import Performance
from dipportal.catalogue.queries import performances_in, visible_theaters
from dipportal.catalogue.searching import asked, is_plain, marked
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import contracts_in, waiting_for_answer
from dipportal.core import together
from dipportal.core.repeated import KEYS, TEXT, Repeated
from dipportal.organisations.models import Organisation
from dipportal.organisations.navigation import MOST_TOLD
from dipportal.receivers import lists, looked_up

# The names of the theaters are known by then.
NAMED = {"production": ("title",), "theater": (), "provider": ("name",)}
ABOUT = {**looked_up.ABOUT, "theater": ()}


class Found(NamedTuple):
    contracts: list[Contract]
    performances: list[Performance]
    waiting: int  # what the menu says of the agreements, counted as far as it tells


def find(organisation: Organisation, text: str, *, most: int) -> Found:
    """At most so many of each, the latest first."""
    text = text.strip()
    # Where it can be a part of a DIP-id or of a number, the questions are others for each text.
    plain = is_plain(text)
    found, counts = (_first(organisation) if plain else _first_about(organisation, text)).read(text)
    known = Meaning.of(found)
    theaters: dict[int, str] = dict(found["house"])
    if plain:
        agreements, evenings = _plain(known.productions is None, known.theaters is None, most)
    else:
        agreements, evenings = _about(text, known, most)
    keys = (known.productions or [], known.theaters or [], [*theaters])
    rows = agreements.read(*keys, text=text)
    plays = [] if plain and known.empty else evenings.read(*keys, text=text)
    for row in [*rows, *plays]:
        row.theater.name, row.theater.receiver = theaters[row.theater_id], organisation  # No other is visible.
    return Found(rows, looked_up.with_agreements(keys[2], plays), counts["waiting"])


@lru_cache(maxsize=256)
def _first(organisation: Organisation) -> together.Written:
    return _first_about(organisation, TEXT)


def _first_about(organisation: Organisation, text: str) -> together.Written:
    """What the text names, which theaters the house has, and how many proposals wait."""
    house = visible_theaters(organisation).order_by().values_list("pk", "name")
    waiting = {"waiting": waiting_for_answer(organisation)}
    return together.written({"house": house, **asked(organisation, text)}, counted=waiting, most=MOST_TOLD + 1)


@cache
def _plain(many_titles: bool, many_theaters: bool, most: int) -> tuple[Repeated, Repeated]:
    return _about(TEXT, marked(many_titles=many_titles, many_theaters=many_theaters), most)


def _about(text: str, known: Meaning, most: int) -> tuple[Repeated, Repeated]:
    """The agreements and the performances in the theaters that stand at KEYS[2]."""
    agreements = contracts_in(KEYS[2]).newest_among(contracts_in(KEYS[2]))
    agreements = agreements.search(text, own_reference=False, meaning=known)
    evenings = performances_in(KEYS[2]).search(text, known)
    return (
        Repeated(agreements.order_by("-first_at", "-pk")[:most], lists.AGREEMENT, NAMED),
        Repeated(evenings.order_by("-starts_at", "-pk")[:most], looked_up.PERFORMANCE, ABOUT),
    )
