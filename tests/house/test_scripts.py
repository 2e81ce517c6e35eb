"""The small programs beside the portal."""

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests import chromium, what_ran
from tests.house.test_docs import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import healthcheck
import run_checks
import run_tests


def run_script(name: str, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "scripts" / name), *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_of_the_right_form_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert run_script("make-secrets", str(folder)).returncode == 0
    made = {file.name: file.read_text().strip() for file in folder.iterdir()}
    assert set(made) == {"database_password", "database_url", "secret_key", "credential_keys", "email_url"}
    assert made["email_url"] == ""
    Fernet(made["credential_keys"])
    assert made["database_password"] in made["database_url"]
    assert len(made["secret_key"]) >= 50
    assert folder.stat().st_mode & 0o077 == 0, "the folder is closed to others"
    assert all(file.stat().st_mode & 0o777 == 0o644 for file in folder.iterdir()), "a container's user can read them"
    run_script("make-secrets", str(folder))
    assert {file.name: file.read_text().strip() for file in folder.iterdir()} == made


def test_the_mail_server_s_address_is_readable_whatever_the_umask(tmp_path: Path) -> None:
    """As the pages say it: make the files, then write the address with the shell of somebody who is strict."""
    folder = tmp_path / "secrets"
    address = folder / "email_url"
    script = f"umask 077 && {ROOT / 'scripts/make-secrets'} {folder} && echo 'smtp://mail.example:25' > {address}"
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert f"Write the address of your mail server in {address}" in told
    assert address.stat().st_mode & 0o777 == 0o644
    again = run_script("make-secrets", str(folder)).stdout
    assert "mail server" not in again
    assert address.read_text() == "smtp://mail.example:25\n"


def test_a_python_is_found(tmp_path: Path) -> None:
    assert run_script("find-python", PYTHON=sys.executable).stdout.strip() == sys.executable


def test_a_machine_without_a_fit_python_is_told_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    (tmp_path / "cat").symlink_to("/bin/cat")
    too_old = tmp_path / "python3"
    too_old.write_text("#!/bin/sh\nexit 1\n")
    too_old.chmod(0o755)
    told = subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/find-python")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "3.11" in told.stderr


@pytest.fixture
def portal() -> Iterator[tuple[int, dict[str, Any]]]:
    """A web server that answers /health/ready with what the test wants, to one host name only."""
    wanted: dict[str, Any] = {"status": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Host"] == "portaal.dipportal.example" and self.path == "/health/ready"
            self.send_response(wanted["status"] if known else 400)
            self.end_headers()
            self.wfile.write(b'{"database": false}')

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, wanted
    server.shutdown()
    server.server_close()


def test_the_health_of_the_web_server(
    portal: tuple[int, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port, wanted = portal
    monkeypatch.setenv("PUBLIC_URL", "https://portaal.dipportal.example")
    assert healthcheck.main(["web", str(port)]) == 0
    wanted["status"] = 503
    assert healthcheck.main(["web", str(port)]) == 1
    assert "503" in capsys.readouterr().out


def test_a_web_server_that_is_away_is_not_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    assert healthcheck.main(["web", "1"]) == 1
    assert "no answer" in capsys.readouterr().out


def test_a_clock_that_stopped_is_not_healthy(tmp_path: Path) -> None:
    schedule = tmp_path / "beat-schedule"
    assert healthcheck.main(["beat", str(schedule)]) == 1
    written = tmp_path / "beat-schedule.db"
    written.touch()
    assert healthcheck.main(["beat", str(schedule)]) == 0
    old = time.time() - healthcheck.OLDEST_SCHEDULE_SECONDS - 5
    os.utime(written, (old, old))
    assert healthcheck.main(["beat", str(schedule)]) == 1


def test_the_runner_finds_what_was_left_out() -> None:
    everything = {"a": [], "b": ["postgres"], "c": [], "d": ["browser"]}
    sqlite = {"ran": ["a", "d"], "skipped": {"c": "no reason"}}
    postgres = {"ran": ["a", "b"], "skipped": {}}
    problems = run_tests.left_out(everything, [("sqlite", sqlite), ("postgres", postgres)])
    assert problems == ["sqlite: skipped c: no reason", "postgres: never ran c", "postgres: never ran d"]


def test_the_runner_looks_for_the_browser_where_the_tests_do() -> None:
    """Otherwise tests would be skipped on a machine of which the runner says that nothing is left out."""
    assert run_tests.CHROMIUM == chromium.CHROMIUM


def test_the_runner_is_content_when_all_ran_where_they_should() -> None:
    everything = {"a": [], "b": ["postgres"]}
    runs = [("sqlite", {"ran": ["a"], "skipped": {}}), ("postgres", {"ran": ["a", "b"], "skipped": {}})]
    assert run_tests.left_out(everything, runs) == []


def test_the_deployment_check_has_every_setting_that_a_real_portal_needs() -> None:
    assert run_checks.PRODUCTION["PUBLIC_URL"].startswith("https://")
    Fernet(run_checks.PRODUCTION["CREDENTIAL_KEYS"])
    names = {check.name for check in run_checks.checks("/nowhere")}
    assert {"types (mypy)", "style (ruff)", "import order of the rooms", "migrations complete"} <= names


def test_tests_with_processes_of_their_own_take_turns_on_one_worker() -> None:
    assert what_ran.takes_turns("tests/browser/test_main_job.py")
    assert what_ran.takes_turns("tests/demo/test_whole.py")
    assert not what_ran.takes_turns("tests/house/test_docs.py")
    scheduler = what_ran.InTurns.__new__(what_ran.InTurns)
    scopes = {
        scheduler._split_scope(f"tests/browser/{name}::test_x[a]") for name in ("test_main_job.py", "test_pages.py")
    }
    assert scopes == {"in turns"}
    assert scheduler._split_scope("tests/house/test_docs.py::test_x") == "tests/house/test_docs.py::test_x"
