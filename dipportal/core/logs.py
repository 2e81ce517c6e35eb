"""What a log line tells of an error: the traceback, and of each error the first line of what it says.

PostgreSQL's further lines (DETAIL) show the whole row, with the names and addresses in it. These stay out of the log.
"""

import re
import sys
import traceback
from typing import Any

from structlog.typing import EventDict, WrappedLogger


def errors_in_words(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """A step of the formatter, before the line is rendered: `exc_info` becomes the text `exception`."""
    error = _error_in(line.pop("exc_info", None))
    if error is None:
        return line
    if first_line(error) != str(error):
        # Celery tells the error once more in the sentence itself.
        for told in (repr(error), str(error)):
            line["event"] = str(line["event"]).replace(told, f"{type(error).__name__}: {first_line(error)}")
    line["exception"] = traceback_of(error)
    return line


# A secret in the path of a link: as long as secrets.token_urlsafe(32) makes it.
_KEY_IN_PATH = re.compile(r"(?<=/)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")


def without_keys(_logger: WrappedLogger, _name: str, line: EventDict) -> EventDict:
    """A step of the formatter: of a link that is a key the log tells the page, not the key."""
    return {name: _KEY_IN_PATH.sub("…", value) if isinstance(value, str) else value for name, value in line.items()}


def first_line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]


def traceback_of(error: BaseException) -> str:
    """The error and what led to it, the oldest first, as Python itself tells it."""
    parts: list[str] = []
    told: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in told:
        told.add(id(now))
        name = f"{type(now).__module__}.{type(now).__qualname__}".removeprefix("builtins.")
        parts.append("".join(traceback.format_tb(now.__traceback__)) + f"{name}: {first_line(now)}")
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return "\n\n".join(reversed(parts))


def _error_in(exc_info: Any) -> BaseException | None:
    """Of what logging calls `exc_info`: an error, the three of sys.exc_info, or True for the one being handled."""
    if isinstance(exc_info, BaseException):
        return exc_info
    found = exc_info if isinstance(exc_info, tuple) else sys.exc_info() if exc_info else (None, None, None)
    return found[1] if isinstance(found[1], BaseException) else None
