"""`make lint`: every check that needs no test. Prints one line a check, and what it said only when it fails."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(PYTHON).parent

# A portal as it would stand in the world; the values open nothing.
PRODUCTION = {
    "PUBLIC_URL": "https://portaal.dipportal.example",
    "ALLOWED_HOSTS": "portaal.dipportal.example",
    "BEHIND_PROXY": "true",
    "SECRET_KEY": "only-for-this-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    "CREDENTIAL_KEYS": "b25seS1mb3ItdGhpcy1jaGVjay0wMTIzNDU2Nzg5MDE=",
    "DATABASE_URL": "postgres://dipportal:check@127.0.0.1:5432/dipportal",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
    "CACHE_URL": "redis://127.0.0.1:6379/1",
    "EMAIL_URL": "smtp+tls://portaal:check@mail.example:587",
    "MAIL_FROM": "portaal@dipportal.example",
    "DIP_ENVIRONMENT": "production",
    "LOG_FORMAT": "json",
    "STATIC_MANIFEST": "true",
}
TEMPLATES = ("templates", "dipportal/sandbox/templates")


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    check: Check
    passed: bool
    seconds: float
    output: str


def manage(*arguments: str) -> list[str]:
    return [PYTHON, "manage.py", *arguments]


def tool(name: str, *arguments: str) -> list[str]:
    return [str(BIN / name), *arguments]


def checks(var: str) -> list[Check]:
    """The slow ones first, so that two at a time end together."""
    own = {"VAR_DIR": var}
    return [
        Check("types (mypy)", tool("mypy", "dipportal", "scripts"), own),
        Check("templates: format (djlint)", tool("djlint", "--check", *TEMPLATES)),
        Check("templates: rules (djlint)", tool("djlint", "--lint", *TEMPLATES)),
        Check("deployment settings", manage("check", "--deploy", "--fail-level", "WARNING"), {**own, **PRODUCTION}),
        Check("migrations complete", manage("makemigrations", "--check", "--dry-run"), own),
        Check("empty environment", manage("check", "--fail-level", "WARNING"), own),
        Check("style (ruff)", tool("ruff", "check", "--quiet", ".")),
        Check("format (ruff)", tool("ruff", "format", "--check", "--quiet", ".")),
        Check("import order of the rooms", tool("lint-imports")),
    ]


def bare_environment() -> dict[str, str]:
    """The shell's own variables must not decide whether a check passes."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM")
    return {name: os.environ[name] for name in kept if name in os.environ}


def carry_out(check: Check) -> Result:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands, no shell
        list(check.command),
        cwd=ROOT,
        env={**bare_environment(), **check.environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Result(check, done.returncode == 0, time.monotonic() - began, done.stdout + done.stderr)


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dipportal-checks-") as var, ThreadPoolExecutor(2) as two_at_a_time:
        for result in two_at_a_time.map(carry_out, checks(var)):
            word = "ok    " if result.passed else "FAILED"
            print(f"{word} {result.check.name} ({result.seconds:.1f} s)", flush=True)
            if not result.passed:
                failed += 1
                print(result.output.rstrip(), flush=True)
    if failed:
        print(f"{failed} of the checks failed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
