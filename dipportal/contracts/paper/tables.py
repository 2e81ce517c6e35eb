"""Prices per rank and tranches as tables: a head, and rows of texts."""

from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext

from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, OPEN_END
from dipportal.core.money import format_cents, format_percent


def price_table(contract: Contract) -> dict[str, Any]:
    """One row a rank. Where the two lists differ in length the shorter one shows a dash."""
    pairs = zip_longest(contract.entrance_prices or [], contract.settlement_prices or [])
    return {
        "label": gettext("Prices per rank"),
        "head": [
            gettext("Rank"),
            str(BY_NAME["entrance_prices"].label),
            str(BY_NAME["settlement_prices"].label),
        ],
        "rows": [
            [str(rank), format_cents(entrance) or "–", format_cents(settled) or "–"]
            for rank, (entrance, settled) in enumerate(pairs, start=1)
        ],
        "empty": gettext("not filled in"),
    }


def tranche_table(contract: Contract) -> dict[str, Any]:
    """One row a tranche: from where to where the net revenue goes, and who gets which part of it."""
    floor, rows = 0, []
    for tranche in contract.tranches or []:
        share = Decimal(str(tranche["percentage"]))
        is_open = tranche["amount"] == OPEN_END
        until = gettext("no end") if is_open else format_cents(tranche["amount"])
        rows.append([format_cents(floor), until, format_percent(share), format_percent(100 - share)])
        floor = tranche["amount"]
    return {
        "label": str(BY_NAME["tranches"].label),
        "head": [
            gettext("Net revenue from"),
            gettext("up to"),
            gettext("for the provider"),
            gettext("for the receiver"),
        ],
        "rows": rows,
        "empty": gettext("not filled in"),
    }
