"""The portal as it runs in earnest, to be beaten: every part a process of its own, PostgreSQL and Redis included.

One of the workers is never killed: it has to live through everything that happens to the others.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGUSR2
from typing import Any

import psycopg

from dipportal.demo import portal
from dipportal.demo.processes import Child, Stack, free_port
from dipportal.sandbox.server import Admin
from tests.storms.receiver import Post, mail_server
from tests.storms.servers import Postgres, Redis

WORKERS = 3
STEADY = 0
# Seconds. A lease is longer than a call takes with its time-outs: CONNECT + 2 × (LEASE / 3). The sandbox acts at most
# one second late.
LEASE, SETTLE, CONNECT = 12, 3, 1
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.storms.settings",
    "DEMO_MODE": "false",
    "DIP_SETTLE_SECONDS": str(SETTLE),
    "DIP_CONNECT_TIMEOUT": str(CONNECT),
    "DIP_PACE_SECONDS": "0",
    "SWEEP_SECONDS": "1",
    "PULL_SECONDS": "60",
    "LOG_LEVEL": "WARNING",
}
# Who claimed which row when, and who let go of it. Kept by the database, so that nothing is missed.
NOTES = """
CREATE TABLE storm_note (
    id bigserial PRIMARY KEY, at timestamptz NOT NULL, what text NOT NULL, row_id bigint NOT NULL, who text NOT NULL,
    token text NOT NULL
);
CREATE FUNCTION storm_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO storm_note (at, what, row_id, who, token)
    VALUES (clock_timestamp(), TG_TABLE_NAME, NEW.id, current_setting('application_name'), NEW.claim_token);
    RETURN NULL;
END $$;
CREATE TRIGGER storm_note AFTER UPDATE OF claim_token ON dip_operation FOR EACH ROW
    WHEN (OLD.claim_token IS DISTINCT FROM NEW.claim_token) EXECUTE FUNCTION storm_note();
CREATE TRIGGER storm_note AFTER UPDATE OF claim_token ON notifications_email FOR EACH ROW
    WHEN (OLD.claim_token IS DISTINCT FROM NEW.claim_token) EXECUTE FUNCTION storm_note();
"""
SAMPLE = """
SELECT
    (SELECT count(*) FROM dip_operation WHERE state = 'done'),
    (SELECT count(*) FROM dip_operation WHERE state NOT IN ('done', 'abandoned')),
    (SELECT count(*) FROM notifications_email WHERE state NOT IN ('done', 'abandoned')),
    ARRAY(SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name LIKE 'worker-%'),
    ARRAY(SELECT DISTINCT note.who FROM notifications_email mail
          JOIN storm_note note ON note.row_id = mail.id AND note.token = mail.claim_token
              AND note.what = 'notifications_email'
          WHERE mail.claim_token <> '')
"""

# What is not over yet, asked when nothing moves.
OPEN = {
    "open operations": """
SELECT id, kind, key, state, error_code, error_text, attempts, open_claims, sent_at, due_at, claimed_until, claim_token
FROM dip_operation WHERE state NOT IN ('done', 'abandoned') ORDER BY id LIMIT 20""",
    "open mails": """
SELECT id, kind, state, error_code, error_text, attempts, open_claims, sent_at, due_at, claimed_until, claim_token
FROM notifications_email WHERE state NOT IN ('done', 'abandoned') ORDER BY id LIMIT 20""",
    "connections with DIP": """
SELECT id, organisation_id, active, next_call_at, failures, open_until, trouble, trouble_since, token_lease_until,
    token_expires_at FROM dip_connection""",
    "open conflicts": """
SELECT id, kind, key, state, text, found_at, choice FROM dip_conflict WHERE state <> 'closed' ORDER BY id LIMIT 20""",
    "who is connected": """
SELECT application_name, state, wait_event_type, wait_event, now() - xact_start, left(query, 120), now()
FROM pg_stat_activity WHERE application_name <> '' ORDER BY 1""",
}
STACKS_SECONDS = 1.0


@dataclass(frozen=True)
class Sample:
    """How it stands in the database: rows done, rows not closed, workers that are connected, those that hold a mail."""

    done: int
    open_operations: int
    open_mails: int
    workers: frozenset[str]
    mailing: frozenset[str]


@dataclass
class House:
    folder: Path
    stack: Stack
    postgres: Postgres
    redis: Redis
    addresses: portal.Addresses
    post: Post
    # Seconds.
    lease: int
    workers: list[Child] = field(default_factory=list)
    # The name under which the database knows each of the workers; a new one for each process.
    names: list[str] = field(default_factory=list)
    born: int = 0
    # When (epoch seconds) which worker was killed, and when the database was.
    deaths: dict[str, float] = field(default_factory=dict)
    crashes: list[float] = field(default_factory=list)
    _reader: psycopg.Connection[Any] | None = None

    @property
    def dip(self) -> Admin:
        return Admin(self.addresses.sandbox)

    def run(self, module: str, *words: str) -> Any:
        """A process of ours to its end; gives the JSON of its last line."""
        done = subprocess.run(
            [sys.executable, "-m", module, *words], env=dict(self.stack.environment), cwd=portal.ROOT,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{module} {words[:1]} failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    # --- the database as the harness sees it
    def ask(self, sql: str) -> list[tuple[Any, ...]] | None:
        """The rows; None while the database is away."""
        try:
            if self._reader is None:
                self._reader = self.postgres.connect()
            return self._reader.execute(sql).fetchall()
        except psycopg.OperationalError:
            self.forget_reader()
            return None

    def forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def sample(self) -> Sample | None:
        rows = self.ask(SAMPLE)
        if rows is None:
            return None
        done, operations, mails, workers, mailing = rows[0]
        return Sample(done, operations, mails, frozenset(workers), frozenset(mailing))

    # --- workers
    def start_worker(self, place: int) -> None:
        self.born += 1
        name = f"worker-{self.born}"
        command = [
            sys.executable, "-m", "celery", "-A", "dipportal.celery", "worker", "--pool", "threads",
            "--concurrency", "3", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--hostname", f"{name}@storm",
        ]  # fmt: skip
        child = self.stack.start(f"worker-{place}", command, PGAPPNAME=name)
        if place == len(self.workers):
            self.workers.append(child)
            self.names.append(name)
        else:
            self.workers[place], self.names[place] = child, name

    def kill_worker(self, place: int) -> None:
        """Without a word of warning; another takes its place at once."""
        child = self.workers[place]
        self.deaths[self.names[place]] = time.time()
        child.signal_group(SIGKILL)
        child.process.wait()
        self.stack.children.remove(child)
        self.start_worker(place)

    def ended_by_themselves(self) -> list[str]:
        return [child.why() for child in self.stack.children if child.ended]

    # --- when it stands still
    def plight(self) -> str:
        """What is open, who is connected and where every worker stands, for who has to find out why nothing moves."""
        parts = [f"{name}:\n{self._told(sql)}" for name, sql in OPEN.items()]
        for child in self.stack.children:
            # Each thread's stack goes to its log, whatever it waits for (tests.storms.settings).
            if child.name.startswith("worker-"):
                child.signal_group(SIGUSR2)
        time.sleep(STACKS_SECONDS)
        return "\n".join([*parts, *(f"{child.name}:\n{child.last_lines(80)}" for child in self.stack.children)])

    def _told(self, sql: str) -> str:
        rows = self.ask(sql)
        return "  the database is away" if rows is None else "\n".join(f"  {row}" for row in rows) or "  none"


@contextmanager
def house(
    chance: random.Random, *, lease: int = LEASE, obey: bool = False, keep_logs: str | None = None
) -> Iterator[House]:
    """The whole, built and running; leaving it ends every process of it.

    `lease` in seconds; `obey`: also Ctrl-C and other signals end it; `keep_logs`: a folder to copy the logs to.
    """
    folder = Path(tempfile.mkdtemp(prefix="dipportal-storm-"))
    # PostgreSQL runs as another account, and has to get through.
    folder.chmod(0o711)
    with ExitStack() as held:
        held.callback(shutil.rmtree, folder, ignore_errors=True)
        if keep_logs:
            held.callback(shutil.copytree, folder / "logs", keep_logs, dirs_exist_ok=True)
        ports: list[int] = []
        for wanted in range(24_000, 24_050, 10):
            ports.append(free_port(wanted, avoid=ports))
        database = held.enter_context(Postgres(folder / "postgres", ports[0]))
        database.create()
        broker = held.enter_context(Redis(folder / "redis", ports[1]))
        post = held.enter_context(mail_server(ports[2], chance, slow=0.0))
        addresses = portal.Addresses(ports[3], ports[4])
        environment = portal.environment(
            folder / "var", addresses, DATABASE_URL=database.url, CELERY_BROKER_URL=f"{broker.url}/0",
            CACHE_URL=f"{broker.url}/1", EMAIL_URL=f"smtp://127.0.0.1:{ports[2]}", PYTHONPATH=str(portal.ROOT),
            OUTBOX_LEASE_SECONDS=str(lease), DIP_READ_TIMEOUT=str(lease // 3), **SETTINGS,
        )  # fmt: skip
        stack = held.enter_context(Stack(portal.ROOT, environment, folder / "logs"))
        if obey:
            stack.obey_signals()
        made = House(folder, stack, database, broker, addresses, post, lease)
        held.callback(made.forget_reader)
        furnish(made)
        yield made


def furnish(made: House) -> None:
    stack, addresses = made.stack, made.addresses
    stack.run("migrate", portal.manage("migrate", "--no-input", "--verbosity", "0"))
    portal.start_sandbox(stack, addresses, made.folder / "sandbox.sqlite3", scale="empty")
    made.dip.load(**made.run("tests.storms.driver", "build"))
    with made.postgres.connect() as server:
        server.execute(NOTES)
    for place in range(WORKERS):
        made.start_worker(place)
    portal.start_beat(stack, made.folder)
    portal.start_web(stack, addresses)
