"""What the search of this area finds: the latest agreements and performances of this house."""

from typing import NamedTuple

from dipportal.catalogue.meaning import Meaning
from dipportal.catalogue.models import Performance
from dipportal.catalogue.searching import asked
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import waiting_for_answer
from dipportal.core import together
from dipportal.core.listing import COUNTED
from dipportal.organisations.models import Organisation
from dipportal.receivers import loaders


class Found(NamedTuple):
    contracts: list[Contract]
    performances: list[Performance]
    waiting: int  # what the menu says of the agreements


def find(organisation: Organisation, text: str, *, most: int) -> Found:
    """At most so many of each, the latest first."""
    waiting = {"waiting": waiting_for_answer(organisation)}
    found, counts = together.read(asked(organisation, text), counted=waiting, most=COUNTED)
    known = Meaning.of(found)
    evenings = loaders.performances(organisation).search(text, known).order_by("-starts_at", "pk")
    return Found(_contracts(organisation, text, known, most), list(evenings[:most]), counts["waiting"])


def _contracts(organisation: Organisation, text: str, known: Meaning, most: int) -> list[Contract]:
    rows = loaders.contracts(organisation).search(text, own_reference=False, meaning=known)
    lean = rows.select_related(None).select_related("production", "theater", "provider").only(*loaders.SHOWN)
    found = list(lean.order_by("-first_at", "-pk")[:most])
    for row in found:
        row.theater.receiver = organisation  # No other is visible: it need not be read.
    return found
