"""Does the portal still hold what a paper says? Asked with what is printed on it: the reference and the digest."""

import hmac
import re

from dipportal.contracts.enums import SHARED
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.contracts.paper.facts import digest

SHORT = 20  # characters of the digest that are enough to type: 80 bits
_CODE = re.compile(rf"[0-9a-f]{{{SHORT},64}}")


def find(reference: str, code: str) -> Contract | None:
    """The version under this reference of which the digest is, or begins with, this code.

    None for everything else, without a difference: an unknown reference, other terms, a concept, one taken back.
    """
    code = tidy_code(code)
    if not _CODE.fullmatch(code):
        return None
    rows = _rows(tidy_reference(reference)).select_related("production")
    return next((row for row in rows if hmac.compare_digest(digest(row)[: len(code)], code)), None)


def tidy_reference(typed: str) -> str:
    return "".join(typed.split()).upper()[:40]


def tidy_code(typed: str) -> str:
    """As it is compared: spaces and hyphens are there for the reader."""
    return re.sub(r"[\s-]+", "", typed[:200]).lower()


def _rows(reference: str) -> ContractQuerySet:
    shared = Contract.objects.filter(status__in=SHARED)
    made_in_dip = re.fullmatch(r"DIP-([0-9]{1,18})", reference)
    if made_in_dip:
        return shared.filter(reference="", dip_id=int(made_in_dip[1]))
    return shared.filter(reference=reference) if reference else shared.none()
