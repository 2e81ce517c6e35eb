"""The image and the compose file, as far as they can be held to the code without an engine."""

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.test_docs import ROOT, settings_variables

PORTAL = ("migrate", "web", "worker", "beat")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), with lines that go on joined and comments left out."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


def test_every_service_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        check = service.get("healthcheck", {})
        assert check.get("test", [""])[0] in {"CMD", "CMD-SHELL"}, name
        assert {"interval", "timeout", "retries"} <= set(check), name


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    named = [service["image"] for service in compose["services"].values()]
    named += [arguments.split(" ")[0] for word, arguments in instructions() if word == "FROM"]
    for image in named:
        _name, _colon, tag = image.partition(":")
        assert re.search(r"\d", tag), f"{image} has no version"
        assert "latest" not in tag


def test_exactly_one_service_builds_the_image_of_the_portal(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    assert len({services[name]["image"] for name in PORTAL}) == 1
    assert all(services[name]["pull_policy"] == "never" for name in PORTAL), "no registry has it"


def test_the_database_is_not_healthy_while_it_is_only_being_filled(compose: dict[str, Any]) -> None:
    """Until then a server of the image's own answers, but on its socket alone."""
    assert "pg_isready --host 127.0.0.1 " in compose["services"]["postgres"]["healthcheck"]["test"][1]


def test_variables_are_those_that_the_settings_read(compose: dict[str, Any]) -> None:
    known = settings_variables()
    for name in PORTAL:
        for variable in compose["services"][name]["environment"]:
            assert variable.removesuffix("_FILE") in known, f"{name}: {variable}"


def test_a_portal_for_real_use_leaves_nothing_to_a_file_of_its_own(compose: dict[str, Any]) -> None:
    given = {name.removesuffix("_FILE") for name in compose["services"]["web"]["environment"]}
    assert given >= {
        "PUBLIC_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL",
    }  # fmt: skip


def test_secrets_come_as_files_and_stand_nowhere(compose: dict[str, Any]) -> None:
    declared = compose["secrets"]
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                secret = str(value).removeprefix("/run/secrets/")
                assert secret in service["secrets"], f"{name}: {variable}"
                assert secret in declared
            else:
                assert not re.search(r"PASSWORD|SECRET|KEYS|EMAIL_URL|DATABASE_URL", variable), f"{name}: {variable}"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert all(entry["file"].startswith("./secrets/") for entry in declared.values())
    assert {"secrets/", ".env"} <= set(ignored)


def test_commands_lead_to_modules_that_exist(compose: dict[str, Any]) -> None:
    commands = [service.get("command", []) for service in compose["services"].values()]
    commands += [service["healthcheck"]["test"][1:] for service in compose["services"].values()]
    commands += [json.loads(arguments) for word, arguments in instructions() if word == "CMD"]
    words = [word for command in commands for part in command for word in shlex.split(str(part))]
    modules = {word.partition(":")[0] for word in words if word.startswith("dipportal.")}
    assert modules == {"dipportal.celery", "dipportal.wsgi"}
    assert all(importlib.util.find_spec(module) for module in modules)
    for word in words:
        if word.endswith(".py"):
            assert (ROOT / word).exists(), word


def test_the_rest_waits_for_the_migrations(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert "migrate" not in services["migrate"]["depends_on"]


def test_volumes_and_ports(compose: dict[str, Any]) -> None:
    named = {volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])}
    assert named == set(compose["volumes"])
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8000:8000"], "only the web server, and only for the proxy on this machine"


def test_the_image_does_not_run_as_root() -> None:
    words = instructions()
    user = max(index for index, (word, _rest) in enumerate(words) if word == "USER")
    assert words[user][1] != "root"
    assert user < max(index for index, (word, _rest) in enumerate(words) if word == "CMD")
    assert any(word == "HEALTHCHECK" for word, _rest in words)


def test_the_image_gets_what_it_copies_and_nothing_secret() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert lines[0] == "*", "everything is left out but for what is named"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = set()
    for word, arguments in instructions():
        if word == "COPY" and not arguments.startswith("--from"):
            copied |= set(arguments.split()[:-1])
    assert copied == let_in
    assert all((ROOT / path).exists() for path in copied)


def test_the_image_s_user_can_read_what_was_copied() -> None:
    """A checkout of somebody with a strict umask is closed to others, and COPY keeps that."""
    words = instructions()
    opened = words.index(("RUN", "chmod -R a+rX . && python -m compileall -q dipportal"))
    copied = max(index for index, (word, rest) in enumerate(words) if word == "COPY" and "--from" not in rest)
    user = next(index for index, (word, _rest) in enumerate(words) if word == "USER")
    assert copied < opened < user


def test_static_files_are_collected_while_the_image_is_built(tmp_path: Path) -> None:
    """Runs the very line of the Dockerfile: it makes no key, so none ends up in the image."""
    line = next(rest for word, rest in instructions() if word == "RUN" and "collectstatic" in rest)
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    for word, rest in instructions():
        if word == "ENV":
            pairs = dict(pair.split("=", 1) for pair in shlex.split(rest))
            environment |= {name: value for name, value in pairs.items() if name == "STATIC_MANIFEST"}
    words = shlex.split(line)
    while "=" in words[0]:
        name, value = words.pop(0).split("=", 1)
        environment[name] = value
    done = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["static"]
    assert list((tmp_path / "static" / "css").glob("theme.*.css"))
