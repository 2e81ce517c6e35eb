"""A misspelt variable stops the start, with its name in the sentence."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from dipportal.core import environment


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("0", False), ("Yes", True), ("off", False)])
def test_flags(monkeypatch: pytest.MonkeyPatch, value: str, meant: bool) -> None:
    monkeypatch.setenv("A_FLAG", value)
    assert environment.flag("A_FLAG", not meant) is meant


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: environment.flag("X", False), "ja"),
        (lambda: environment.whole_number("X", 5), "5.5"),
        (lambda: environment.whole_number("X", 5, least=3), "2"),
        (lambda: environment.decimal_seconds("X", 1), "soon"),
        (lambda: environment.decimal_seconds("X", 1), "-1"),
        (lambda: environment.choice("X", "a", {"a", "b"}), "c"),
        (lambda: environment.web_address("X", "http://a"), "ftp://b"),
        (lambda: environment.database("X", "sqlite:///a"), "mysql://root@localhost/x"),
        (lambda: environment.mail("X"), "carrier-pigeon://x"),
    ],
)
def test_a_misspelt_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, read: Any, value: str) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match="X must be"):
        read()


def test_secrets_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim\n", encoding="utf-8")
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "secret"))
    assert environment.text("A_SECRET") == "geheim"
    monkeypatch.setenv("A_SECRET", "iets anders")
    with pytest.raises(ImproperlyConfigured, match="not both"):
        environment.text("A_SECRET")


def test_a_secret_file_that_is_not_there_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match="A_SECRET_FILE"):
        environment.text("A_SECRET")
