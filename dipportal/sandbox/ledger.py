"""Two append-only lists: every request received, and every write that was carried out."""

from __future__ import annotations

import json
from typing import Any

from dipportal.sandbox.calls import Call
from dipportal.sandbox.clock import Clock
from dipportal.sandbox.store import Store, dumps


class Ledger:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def received(self, call: Call) -> int:
        # The token form carries a secret, so its body is not kept.
        body = "" if call.path == "/token" else call.text
        return self.store.execute(
            "INSERT INTO request (at, method, path, query, body) VALUES (?, ?, ?, ?, ?)",
            (self.clock.stamp(), call.method, call.path, call.query_string, body),
        )

    def identified(self, seq: int, credential: str) -> None:
        self.store.execute("UPDATE request SET credential = ? WHERE seq = ?", (credential, seq))

    def finished(self, seq: int, outcome: str, status: int | None, fault: str | None) -> None:
        self.store.execute(
            "UPDATE request SET outcome = ?, status = ?, fault = ? WHERE seq = ?", (outcome, status, fault, seq)
        )

    def accepted(self, seq: int, call: Call, credential: str, body: Any, result: Any) -> None:
        """Inside the transaction of the write itself, so that neither exists without the other."""
        self.store.execute(
            "INSERT INTO ledger (at, method, path, credential, body, result) VALUES (?, ?, ?, ?, ?, ?)",
            (self.clock.stamp(), call.method, call.path, credential, dumps(body), dumps(result)),
        )
        self.store.execute("UPDATE request SET acted = 1 WHERE seq = ?", (seq,))

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        found = self.store.rows("SELECT * FROM ledger WHERE seq > ? ORDER BY seq", (since,))
        return [{**dict(row), "body": json.loads(row["body"]), "result": json.loads(row["result"])} for row in found]

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        found = self.store.rows("SELECT * FROM request WHERE seq > ? ORDER BY seq", (since,))
        return [{**dict(row), "acted": bool(row["acted"])} for row in found]
