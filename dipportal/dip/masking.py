"""A secret in what DIP says: some servers answer an error with the whole request in it.

DIP's words are shown on pages, kept in rows and records and written to the log, so what was sent in confidence is
taken out of an answer before anything reads it, in each spelling in which a server would repeat it.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = b"***"
# Shorter ones would take ordinary words out of ordinary answers. ASSUMED: DIP's are longer.
SHORTEST = 8
# An answer that repeats a request is about as long as one; in a list of megabytes only the plain one is looked for.
LONG = 256 * 1024
# .NET writes these in JSON by their number, in capitals; others in small letters.
NUMBERS = tuple(str.maketrans({one: f"\\u{ord(one):{form}}" for one in "&<>+'\"`"}) for form in ("04X", "04x"))


def masked(body: bytes, secrets: Iterable[str]) -> bytes:
    """The body with MASK in the place of each secret; the same object when there is none in it."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            for spelling in _spellings(secret) if len(body) <= LONG else [secret.encode()]:
                if spelling in body:
                    body = body.replace(spelling, MASK)
    return body


def _spellings(secret: str) -> list[bytes]:
    """The longest first: one may be a part of another."""
    plain = secret.encode()
    text = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret), plain.hex()}
    text |= {re.sub("%..", lambda found: found[0].lower(), one) for one in tuple(text)}
    text |= {plain.hex().upper(), *_base64(plain)}
    text |= {json.dumps(one, ensure_ascii=ascii_only)[1:-1] for one in tuple(text) for ascii_only in (True, False)}
    text |= {one.replace("/", "\\/") for one in tuple(text)}
    text |= {told.translate(numbers) for told in tuple(text) for numbers in NUMBERS}
    return sorted({one.encode() for one in text}, key=lambda one: (-len(one), one))


def _base64(plain: bytes) -> list[str]:
    """Within a longer text too, wherever it begins in it: the part that does not depend on what stands around it."""
    found = []
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
        first = (before * 8 + 5) // 6
        whole = (before + len(plain)) * 8 // 6
        found += [coded[first:whole], coded[first:whole].replace("+", "-").replace("/", "_")]
    return found
