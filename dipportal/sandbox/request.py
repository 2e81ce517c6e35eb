"""What a handler gets: the checked parts of one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dipportal.sandbox.calls import forbidden, not_found
from dipportal.sandbox.credentials import CredentialSet
from dipportal.sandbox.runtime import Sandbox
from dipportal.sandbox.store import Record, Store


@dataclass(frozen=True)
class Request:
    box: Sandbox
    caller: CredentialSet
    arguments: dict[str, Any]
    query: dict[str, Any]
    body: Any
    visible_at: float = 0

    @property
    def store(self) -> Store:
        return self.box.store

    def own_producers(self) -> set[int]:
        return self.box.producers_of(self.caller.organisation)

    def production(self, number: str) -> Record:
        found = self.store.get("production", number)
        if found is None:
            raise not_found(f"Production {number}")
        return found

    def own_production(self, number: str) -> Record:
        """A production the caller may write to; 404 when there is none, 403 when it is another's."""
        found = self.production(number)
        if found["producer"]["id"] not in self.own_producers():
            raise forbidden(f"Production {number} is not one of yours")
        return found

    def theater(self, theater_id: int) -> Record:
        found = self.store.get("theater", theater_id)
        if found is None:
            raise not_found(f"Theater {theater_id}")
        return found
