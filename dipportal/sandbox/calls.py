"""The few types that every part of the sandbox speaks: what comes in and what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dipportal.sandbox.store import dumps


@dataclass(frozen=True)
class Call:
    """One HTTP request, read whole, so that it can also be carried out later or without an answer."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    query_string: str = ""
    content_type: str = ""
    body: bytes = b""
    authorization: str = ""

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


@dataclass(frozen=True)
class Reply:
    status: int
    text: str
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """Ends a call with DIP's two error members; nothing of it is kept."""

    def __init__(self, description: str, *, status: int = 400, error: str = "Invalid request") -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def reply(self) -> Reply:
        return Reply(self.status, dumps({"error": self.error, "error_description": self.description}))


@dataclass(frozen=True)
class Raw:
    """A body that is JSON text already."""

    text: str


@dataclass(frozen=True)
class Written:
    """What a writing call made or changed: the record to show, and its id for the ledger."""

    record: Any
    identity: int | str
    created: bool = False


def json_list(texts: list[str]) -> Raw:
    return Raw("[" + ",".join(texts) + "]")


def not_found(what: str) -> Refusal:
    return Refusal(f"{what} not found", status=404, error="Not found")


def forbidden(description: str) -> Refusal:
    # ASSUMED: DIP's answer to writing to somebody else's records is not known.
    return Refusal(description, status=403, error="Forbidden")
