"""Keys that a browser sends: only what a database can look up."""

from collections.abc import Iterable

MOST = 2**63 - 1


def keys(texts: Iterable[str]) -> list[int]:
    """The whole numbers among these texts; anything else is no key of ours, so nothing is found for it."""
    numbers = (int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 20)
    return [number for number in numbers if 0 < number <= MOST]
