"""What the driver asked for, as it wrote it down itself: one line a transaction, in a file that only grows."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

COMMITTED, UNKNOWN = "committed", "unknown"


@dataclass(frozen=True)
class Request:
    """One accepted request. `thing` names the object as DIP gets to hear of it, `state` what it is to become.

    `subject` and `pk` say where it stands in the portal's own database, `thread` which mails belong to it.
    """

    kind: str
    thing: str
    state: str
    subject: str
    pk: int
    thread: str = ""

    @property
    def line(self) -> tuple[str, str, str]:
        """As a line of the ledger says it too."""
        return self.kind, self.thing, self.state


@dataclass(frozen=True)
class Transaction:
    """`fate`: 'committed', or 'unknown' when the database went away while it was being committed."""

    fate: str
    requests: tuple[Request, ...]


class Book:
    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, fate: str, requests: Iterable[Request]) -> None:
        """On the disk before anything else is asked for."""
        line = json.dumps({"fate": fate, "requests": [asdict(request) for request in requests]})
        with self.file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Transaction]:
        if not self.file.exists():
            return []
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return [
            Transaction(one["fate"], tuple(Request(**request) for request in one["requests"]))
            for one in map(json.loads, lines)
        ]
