"""Text for paper: it can break where it must, and holds nothing that does not print as it reads."""

import re
from typing import Any

# Not printable, or turning the order of what follows: a name must read on paper as it does in the portal.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_LONG = re.compile(r"\S{24,}")
ZERO_WIDTH_SPACE = "\u200b"
PIECE = 12


def tidy(value: Any) -> Any:
    """All texts in this data, with a place to break in words that are too long for a line."""
    if isinstance(value, str):
        return value if value.startswith(("http://", "https://")) else breakable(_UNSEEN.sub("", value))
    if isinstance(value, list):
        return [tidy(one) for one in value]
    if isinstance(value, dict):
        return {name: tidy(one) for name, one in value.items()}
    return value


def breakable(text: str) -> str:
    """'plan@agency.example' breaks before '@' and '.'; a word without such places after every twelve characters."""
    return _LONG.sub(lambda word: _broken(word[0]), text)


def _broken(word: str) -> str:
    parts = re.split(r"(?=[@./|_-])", word)
    pieces = (part[at : at + PIECE] for part in parts for at in range(0, len(part), PIECE))
    return ZERO_WIDTH_SPACE.join(pieces)


def lines_of(text: str) -> list[str]:
    return text.strip().replace("\r\n", "\n").split("\n") if text.strip() else []


def in_blocks(code: str, size: int = 4) -> str:
    """'3f9a12bc…' → '3f9a 12bc …': somebody types it."""
    return " ".join(code[at : at + size] for at in range(0, len(code), size))
