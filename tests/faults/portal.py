"""The portal in this process: its real tables in memory, which can be put back as they were in no time."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.core.management import call_command
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test.utils import override_settings

# As in production, but for the pace: that is the clock's business and no rule's.
SETTINGS: dict[str, Any] = {
    "DIP_PACE_SECONDS": 0.0,
    "DIP_SETTLE_SECONDS": 180.0,
    "DIP_CONNECT_TIMEOUT": 10.0,
    "DIP_READ_TIMEOUT": 60.0,
    "OUTBOX_LEASE_SECONDS": 150,
    "OUTBOX_MAX_CLAIMS": 8,
    "MAIL_CONFIGURED": True,
    "DEMO_MODE": False,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example",
    "EMAIL_HOST_USER": "",
    "EMAIL_USE_TLS": False,
    "EMAIL_USE_SSL": False,
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
}
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Database(DatabaseWrapper):
    """SQLite in memory that tells of every commit, and of every write that is a commit of its own."""

    # (what, detail, may it still be undone): set by who runs the schedule.
    watch: Callable[[str, str], None] = staticmethod(lambda _what, _detail: None)
    _wrote = ""

    def execute_watched(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        word = sql[:7].strip().split(" ", 1)[0].upper()
        if word in WRITES:
            if not self.in_atomic_block:
                self.watch("write", table_of(sql))
            elif not self._wrote:
                self._wrote = table_of(sql)
        elif word == "BEGIN":
            self._wrote = ""
            self.watch("begin", "")
        return execute(sql, params, many, context)

    def _commit(self) -> None:
        if self._wrote:
            wrote, self._wrote = self._wrote, ""
            self.watch("commit", wrote)
        super()._commit()

    def cut(self) -> None:
        """As if the process had died: what was not committed is gone."""
        if self.connection is not None and self.connection.in_transaction:
            self.connection.rollback()
        self.in_atomic_block = False
        self.autocommit = True
        self.savepoint_ids = []
        self.needs_rollback = False
        self.run_on_commit = []
        self.atomic_blocks = []
        self.closed_in_transaction = False
        self.commit_on_exit = True
        self._wrote = ""


def table_of(sql: str) -> str:
    return sql.split('"', 2)[1] if '"' in sql else sql[:30]


def database() -> Database:
    found = connections["default"]
    assert isinstance(found, Database), "the harness has its own database"
    return found


@contextmanager
def in_memory() -> Iterator[Database]:
    """A database of our own as 'default', with all tables."""
    before = connections["default"]
    values = {**before.settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    values |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True}
    values["OPTIONS"] = {"transaction_mode": "IMMEDIATE"}
    own = Database(values, alias="default")
    connections["default"] = own
    try:
        call_command("migrate", verbosity=0)
        with own.execute_wrapper(own.execute_watched):
            yield own
    finally:
        if own.connection is not None:
            own.connection.close()
        connections["default"] = before


@contextmanager
def settled_surroundings() -> Iterator[None]:
    """Production's settings, and a broker that loses every message: the table is all there is."""
    from dipportal.dip import tasks as dip_tasks
    from dipportal.notifications import tasks as mail_tasks

    lost: Sequence[Any] = [
        mock.patch.object(task, "delay", mock.Mock(return_value=None))
        for module in (dip_tasks, mail_tasks)
        for task in vars(module).values()
        if hasattr(task, "delay") and hasattr(task, "apply_async")
    ]
    with ExitStack() as stack:
        stack.enter_context(override_settings(**SETTINGS))
        for one in lost:
            stack.enter_context(one)
        yield


@contextmanager
def silence() -> Iterator[None]:
    """A million warnings about what was done on purpose help nobody."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def save() -> bytes:
    raw: Any = database().connection
    content: bytes = raw.serialize()
    return content


def restore(saved: bytes) -> None:
    raw: Any = database().connection
    raw.deserialize(saved)


def set_up() -> None:
    """For a process that pytest did not start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dipportal.settings")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    import django

    django.setup()
