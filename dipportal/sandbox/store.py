"""The sandbox's own store: one SQLite file, one connection, one lock.

A record is kept as the JSON text that is served, beside the few columns needed to find it. That keeps the
large answers (``/contracts`` in full) a matter of joining strings.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from dipportal.sandbox import clock

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, id TEXT NOT NULL,
    owner INTEGER, production TEXT, theater INTEGER, modified TEXT NOT NULL DEFAULT '',
    visible_at REAL NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS record_owner ON record (kind, owner);
CREATE INDEX IF NOT EXISTS record_production ON record (kind, production);
CREATE INDEX IF NOT EXISTS record_theater ON record (kind, theater);
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    credential TEXT NOT NULL, body TEXT NOT NULL, result TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS request (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, body TEXT NOT NULL, credential TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT 'received', status INTEGER, fault TEXT, acted INTEGER NOT NULL DEFAULT 0
);
"""
_UPSERT = (
    "INSERT INTO record (kind, id, owner, production, theater, modified, visible_at, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner,"
    " production = excluded.production, theater = excluded.theater, modified = excluded.modified,"
    " body = excluded.body"
)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _columns(kind: str, body: Record) -> tuple[int | None, str | None, int | None, str]:
    """owner, production, theater and modified of a record, as far as its kind has them."""
    if kind == "production":
        return body["producer"]["id"], body["id"], None, clock.sort_key(body["startDate"])
    if kind == "performance":
        return None, body["production"]["id"], body["theater"]["id"], ""
    if kind == "contract":
        # The set of an agency sees what the agency acts in; a producer without one sees its own.
        owner = (body.get("agency") or body["producer"])["id"]
        return owner, body["production"]["id"], body["theater"]["id"], clock.sort_key(body["modified"])
    if kind in ("tickets", "reservations", "blockedseats"):
        return None, body["production"], body["theater"]["id"], ""
    if kind == "theater_fees":
        return None, None, body["id"], ""
    return body.get("owner"), None, None, ""


class Store:
    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        # A killed process loses nothing this way; only a power cut could, and nobody keeps a sandbox for that.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; may be nested."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def execute(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Returns the id of the inserted row, for an INSERT."""
        with self._lock:
            return self._connection.execute(sql, tuple(parameters)).lastrowid or 0

    def get_meta(self, key: str, default: Any = None) -> Any:
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(found[0]["value"]) if found else default

    def set_meta(self, key: str, value: Any) -> None:
        self.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, dumps(value)))

    def next_number(self, name: str) -> int:
        """Numbers rise with gaps, so that nobody counts on a range."""
        number = int(self.get_meta(f"next_{name}", 1))
        self.set_meta(f"next_{name}", number + 1 + number % 4)
        return number

    def reserve_number(self, name: str, used: int) -> None:
        if used >= int(self.get_meta(f"next_{name}", 1)):
            self.set_meta(f"next_{name}", used + 1)

    def put(self, kind: str, record_id: int | str, body: Record, *, visible_at: float = 0) -> None:
        self.put_many(kind, [(record_id, body)], visible_at=visible_at)

    def put_many(self, kind: str, records: Iterable[tuple[int | str, Record]], *, visible_at: float = 0) -> None:
        rows = [(kind, str(record_id), *_columns(kind, body), visible_at, dumps(body)) for record_id, body in records]
        with self.transaction():
            self._connection.executemany(_UPSERT, rows)

    def get(self, kind: str, record_id: int | str, *, hidden: bool = True) -> Record | None:
        """`hidden=False` is what a reading call may see: not yet the records that lag behind."""
        sql = "SELECT body FROM record WHERE kind = ? AND id = ? AND visible_at <= ?"
        found = self.rows(sql, (kind, str(record_id), float("inf") if hidden else time.time()))
        return json.loads(found[0]["body"]) if found else None

    def delete(self, kind: str, record_id: int | str) -> bool:
        with self.transaction():
            if self.get(kind, record_id) is None:
                return False
            self.execute("DELETE FROM record WHERE kind = ? AND id = ?", (kind, str(record_id)))
            return True

    def texts(self, kind: str, where: str = "1", parameters: Iterable[Any] = ()) -> list[str]:
        """JSON texts that reads may see, in the order in which the records came to be."""
        sql = f"SELECT body FROM record WHERE kind = ? AND visible_at <= ? AND ({where}) ORDER BY seq"  # noqa: S608 - own constants
        return [row["body"] for row in self.rows(sql, (kind, time.time(), *parameters))]

    def records(self, kind: str, where: str = "1", parameters: Iterable[Any] = ()) -> list[Record]:
        return [json.loads(text) for text in self.texts(kind, where, parameters)]

    def clear(self) -> None:
        with self.transaction():
            for table in ("meta", "record", "ledger", "request", "sqlite_sequence"):
                self.execute(f"DELETE FROM {table}")  # noqa: S608 - own constants

    def close(self) -> None:
        with self._lock:
            self._connection.close()
