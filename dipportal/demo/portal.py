"""The portal as processes: sandbox, web, worker and beat. Used by the demo and by the tests that drive it whole."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from dipportal.demo.processes import Child, Stack, answers

ROOT = Path(__file__).resolve().parent.parent.parent

# What a demo on a laptop wants: nothing to wait for.
QUICK = {
    "DEMO_MODE": "true",
    "PULL_SECONDS": "15",
    "SWEEP_SECONDS": "2",
    "DIP_SETTLE_SECONDS": "20",
    "DIP_PACE_SECONDS": "0.05",
    "OUTBOX_LEASE_SECONDS": "60",
    "LOG_LEVEL": "WARNING",
}
# These belong to a real portal; a demo that is started in its shell must not touch it.
NOT_INHERITED = (
    "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "ALLOWED_HOSTS", "BEHIND_PROXY", "STATIC_MANIFEST",
    "SECRET_KEY", "CREDENTIAL_KEYS", "DIP_ENVIRONMENT", "VAR_DIR", "DEBUG", "MAIL_FROM", "DIP_OVERLAP_MINUTES",
    "DIP_CONNECT_TIMEOUT", "DIP_READ_TIMEOUT", "OUTBOX_MAX_CLAIMS", "LOG_FORMAT",
)  # fmt: skip


@dataclass(frozen=True)
class Addresses:
    web_port: int
    sandbox_port: int

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"


def environment(var: Path, addresses: Addresses, **changes: str) -> dict[str, str]:
    """What every process of one portal is given. `changes` may name another database, broker or pace."""
    inherited = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in NOT_INHERITED}
    return {
        **inherited,
        **QUICK,
        "DJANGO_SETTINGS_MODULE": "dipportal.settings",
        "PYTHONUNBUFFERED": "1",
        "VAR_DIR": str(var),
        "PUBLIC_URL": addresses.web,
        "SANDBOX_URL": addresses.sandbox,
        **changes,
    }


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def start_sandbox(stack: Stack, addresses: Addresses, store: Path, *, scale: str = "") -> Child:
    """Start the stand-in for DIP and wait until it answers. Without a scale it keeps the world of its store."""
    command = [
        sys.executable, "-m", "dipportal.sandbox", "--port", str(addresses.sandbox_port), "--store", str(store),
        "--quiet", "--stop-with-parent",
    ]  # fmt: skip
    child = stack.start("sandbox", [*command, "--scale", scale] if scale else command)
    stack.wait_until(lambda: answers(f"{addresses.sandbox}/_sandbox/health"), child)
    return child


def start_worker(stack: Stack) -> Child:
    # Threads, not processes: SQLite has one writer anyway, a long pull must not hold up a mail, and a laptop need
    # not keep four more copies of the portal in memory.
    return stack.start(
        "worker",
        [
            sys.executable, "-m", "celery", "-A", "dipportal.celery", "worker", "--pool", "threads",
            "--concurrency", "3", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
            "--without-heartbeat",
        ],
    )  # fmt: skip


def start_beat(stack: Stack, var: Path) -> Child:
    # A file left by a killed process would stop beat from starting; the portal itself keeps it one at a time.
    return stack.start(
        "beat",
        [
            sys.executable, "-m", "celery", "-A", "dipportal.celery", "beat", "--loglevel", "WARNING",
            "--schedule", str(var / "beat-schedule"), "--pidfile", "",
        ],
    )  # fmt: skip


def start_web(stack: Stack, addresses: Addresses) -> Child:
    """Start gunicorn and wait until the log-in page answers."""
    child = stack.start(
        "web",
        [
            sys.executable, "-m", "gunicorn", "dipportal.wsgi:application", "--bind",
            f"127.0.0.1:{addresses.web_port}", "--workers", "1", "--threads", "8", "--graceful-timeout", "3",
            "--log-level", "warning", "--no-control-socket",
        ],
    )  # fmt: skip
    stack.wait_until(lambda: answers(f"{addresses.web}/account/login/"), child)
    return child
