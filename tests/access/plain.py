"""A page without what differs at every request: tokens against forgery, and the moment of a sheet."""

import re

# A sheet says of which moment it is.
_STOOD = re.compile(r"(as they stood on|zoals ze stonden op) [^<\r\n]*\d\d:\d\d")
_TOKEN = re.compile(r"[A-Za-z0-9]{64}")


def plain(content: bytes) -> str:
    return _STOOD.sub("then", _TOKEN.sub("token", content.decode()))
