"""The DIP-id of a performance: production id, bar, performance number. `NL-25-123-0003776|11484906`.

Source: DIP's articles for developers. Parts are never treated as numbers of a fixed width: real serials differ
(`00279` beside `3776864`). Calls to DIP always take the two parts apart.
"""

import re
from dataclasses import dataclass

_PRODUCTION = re.compile(r"^[A-Z]{2}-\d{2}-\d+-\d+$")
_PART = re.compile(r"^[A-Z]{0,2}(-?\d+)*-?$")


@dataclass(frozen=True)
class DipId:
    production: str
    performance: int | None = None

    @classmethod
    def parse(cls, text: str) -> "DipId":
        """Read a production id or a whole DIP-id; spaces and lower case are forgiven. Raises ValueError."""
        folded = "".join(text.split()).upper()
        production, bar, performance = folded.partition("|")
        if not _PRODUCTION.match(production):
            raise ValueError(f"{text!r} is not a DIP-id")
        if not bar:
            return cls(production)
        if not performance.isascii() or not performance.isdecimal():
            raise ValueError(f"{text!r} is not a DIP-id")
        return cls(production, int(performance))

    def __str__(self) -> str:
        return self.production if self.performance is None else f"{self.production}|{self.performance}"


def search_parts(text: str) -> tuple[str, str]:
    """Split what a person typed into (part of a production id, part of a performance number); '' where there is none.

    'NL-25-123-0003776|1148' → ('NL-25-123-0003776', '1148'); '11484906' → ('11484906', '11484906');
    'storm' → ('', ''). A bare number can be either, so both are searched.
    """
    folded = "".join(text.split()).upper()
    production, bar, performance = folded.partition("|")
    if bar:
        return (production if _PART.match(production) else "", performance if performance.isdecimal() else "")
    if folded.isascii() and folded.isdecimal():
        return folded, folded
    return (folded if _PART.match(folded) and any(c.isdigit() for c in folded) else ""), ""
