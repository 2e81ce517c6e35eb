"""What a typed text means in the catalogue, found out first: the titles, theaters and numbers that it names.

There are few titles and theaters beside the performances and agreements about them. Whoever knows the few that are
meant asks for the rows by these keys, and an index finds them; where a text means many, the rows are gone through in
their order until enough of them were found. In one question the database has to guess which of the two it is.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from dipportal.catalogue.dip_id import search_parts

# So many keys are still looked up one by one. Of theaters there are some hundreds in all: told which of them are meant,
# the database knows whether that is nearly everything ("schouwburg") or next to nothing.
FEW = {"productions": 200, "theaters": 2_000, "numbered": 200}


@dataclass(frozen=True)
class Meaning:
    """The keys that a text names, of everybody's: they only narrow what an organisation may see. None: too many."""

    productions: list[int] | None = None
    theaters: list[int] | None = None
    numbered: list[int] | None = None

    @classmethod
    def of(cls, found: dict[str, list[tuple[Any, ...]]]) -> "Meaning":
        """From what was found (searching.asked); what was not asked is named by nothing."""
        return cls(*(_few(found.get(name, []), most) for name, most in FEW.items()))

    @property
    def clear(self) -> bool:
        """Everything that the text names is known."""
        return None not in (self.productions, self.theaters, self.numbered)

    @property
    def empty(self) -> bool:
        """The text names nothing at all."""
        return self == Meaning([], [], [])


UNKNOWN = Meaning()


def _few(rows: list[tuple[Any, ...]], most: int) -> list[int] | None:
    return [key for (key,) in rows] if len(rows) <= most else None


def about(text: str, meaning: Meaning) -> Q:
    """Rows about a production that the text names by its title or a part of its DIP-id."""
    if meaning.productions is not None:
        return Q(production__in=meaning.productions)
    part, _number = search_parts(text)
    found = Q(production__title__icontains=text)
    return found | Q(production__dip_id__contains=part) if part else found


def at(text: str, meaning: Meaning) -> Q:
    """Rows in a theater or a city that the text names."""
    if meaning.theaters is not None:
        return Q(theater__in=meaning.theaters)
    return Q(theater__name__icontains=text) | Q(theater__city__icontains=text)
