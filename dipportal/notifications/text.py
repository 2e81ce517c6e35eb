"""Plain text for mails."""

import re

# In our mails a link to follow stands on a line of its own.
_LINK = re.compile(r"^https?://\S+$", re.MULTILINE)
_MANY_EMPTY = re.compile(r"\n(?:[ \t]*\n){2,}")


def tidy(text: str) -> str:
    """No spaces at the ends of lines, never more than one empty line, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return _MANY_EMPTY.sub("\n\n", lines).strip() + "\n"


def without_indents(html: str) -> str:
    """The same page in about half the bytes: of a long mail some programs hide what comes after 100 kB."""
    return "\n".join(line for line in map(str.strip, html.splitlines()) if line) + "\n"


def has_link(text: str) -> bool:
    return _LINK.search(text) is not None
