"""What the one settings module makes of an environment, and what `check --deploy` misses in it."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from tests.house.test_docs import settings_variables

FILE = django_settings.BASE_DIR / "dipportal" / "settings.py"
PUBLIC = "https://portaal.dipportal.example"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings_variables():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(FILE))


def test_other_names_come_beside_the_host_of_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(monkeypatch, PUBLIC_URL=PUBLIC, ALLOWED_HOSTS="oud.dipportal.example")
    assert found["ALLOWED_HOSTS"] == ["portaal.dipportal.example", "oud.dipportal.example"]


def test_a_public_portal_answers_to_its_own_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, PUBLIC_URL=PUBLIC)["ALLOWED_HOSTS"] == ["portaal.dipportal.example"]


def test_a_portal_on_this_machine_answers_to_both_of_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"127.0.0.1", "localhost"} <= set(read(monkeypatch)["ALLOWED_HOSTS"])


def test_a_demo_that_others_can_reach_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"DEMO_MODE .* localhost.*portaal\.dipportal\.example"):
        read(monkeypatch, PUBLIC_URL=PUBLIC, DEMO_MODE="true")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8123", "http://localhost:8123"])
def test_a_demo_on_this_machine_starts(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert read(monkeypatch, PUBLIC_URL=address, DEMO_MODE="true")["DEMO_MODE"]


def test_a_key_that_was_made_is_told_from_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(monkeypatch)
    assert (made["SECRET_KEY_GIVEN"], len(made["SECRET_KEY"]) >= 50) == (False, True)
    given = read(monkeypatch, SECRET_KEY="gegeven")
    assert (given["SECRET_KEY_GIVEN"], given["SECRET_KEY"]) == (True, "gegeven")


COMPLETE = {"MAIL_CONFIGURED": True, "CREDENTIAL_KEYS_GIVEN": True, "MANIFEST": True, "SECRET_KEY_GIVEN": True}
WARNS = {
    "MAIL_CONFIGURED": "portal.W001",
    "CREDENTIAL_KEYS_GIVEN": "portal.W002",
    "MANIFEST": "portal.W003",
    "SECRET_KEY_GIVEN": "portal.W004",
}


def warnings(*, deploy: bool) -> list[str]:
    return [str(message.id) for message in checks.run_checks(tags=["portal"], include_deployment_checks=deploy)]


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_the_deployment_check_names_what_is_missing(settings: Any, missing: str) -> None:
    for name, value in {**COMPLETE, missing: False}.items():
        setattr(settings, name, value)
    assert warnings(deploy=True) == [WARNS[missing]]
    assert warnings(deploy=False) == [], "a laptop needs none of it"


def test_the_deployment_check_is_content_with_a_whole_portal(settings: Any) -> None:
    for name, value in COMPLETE.items():
        setattr(settings, name, value)
    assert warnings(deploy=True) == []


@pytest.mark.parametrize("token", ["kort", "een-teken-van-genoeg-lengté"])
def test_a_metrics_token_that_can_be_guessed_or_not_be_sent_does_not_start(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN"):
        read(monkeypatch, METRICS_TOKEN=token)


def test_without_a_metrics_token_there_are_no_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch)["METRICS_TOKEN"] == ""
    assert read(monkeypatch, METRICS_TOKEN="een-teken-van-genoeg-lengte")["METRICS_TOKEN"]
