"""What stands in the log after an error: where it happened, and nothing of anybody's row."""

import io
import json
import logging
import logging.config
import runpy
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.db import IntegrityError

from dipportal.notifications.models import Email
from dipportal.outbox.drain import Claim, Outcome, drain

ROW = "DETAIL:  Key (email)=(iemand@portal.example) already exists."
TOLD = f'duplicate key value violates unique constraint "user_email"\n{ROW}\n'


class Driver(Exception):
    """As psycopg's own error, which Django's is raised from."""


@pytest.fixture(params=["json", "console"])
def log(request: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[io.StringIO]:
    """What the portal's own formatter writes of the loggers below."""
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("LOG_FORMAT", request.param)
    found = runpy.run_path(str(django_settings.BASE_DIR / "dipportal" / "settings.py"))["LOGGING"]["formatters"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.config.DictConfigurator({"version": 1}).configure_formatter(dict(found["portal"])))
    names = ("dipportal.outbox.drain", "django.request", "celery.app.trace", "tests.core.test_logs")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield written
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def refuse() -> None:
    raise IntegrityError(TOLD) from Driver(TOLD)


def must_tell_where_and_not_whom(text: str) -> None:
    assert "in refuse" in text, "no traceback"
    assert "IntegrityError: duplicate key value" in text
    assert "Driver: duplicate key value" in text
    assert "DETAIL" not in text
    assert "iemand" not in text


def test_our_own_loggers(log: io.StringIO) -> None:
    try:
        refuse()
    except IntegrityError:
        structlog.get_logger(__name__).exception("it failed", row=7)
    must_tell_where_and_not_whom(log.getvalue())


def test_djangos_logger(log: io.StringIO) -> None:
    try:
        refuse()
    except IntegrityError as error:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/", exc_info=error)
    must_tell_where_and_not_whom(log.getvalue())


def test_celerys_logger_which_tells_the_error_in_its_sentence_too(log: io.StringIO) -> None:
    try:
        refuse()
    except IntegrityError as error:
        exc_info, told = (type(error), error, error.__traceback__), repr(error)
        logging.getLogger("celery.app.trace").exception("Task x raised unexpected: %s", told, exc_info=exc_info)
    must_tell_where_and_not_whom(log.getvalue())


@pytest.mark.django_db
def test_the_drain(log: io.StringIO) -> None:
    Email.objects.create(kind="answer", event_key="e", recipient="r@portal.example", message_id="<1@portal.example>")

    def work(held: Claim[Email]) -> Outcome:
        refuse()
        raise AssertionError

    drain(Email, work)
    must_tell_where_and_not_whom(log.getvalue())


def test_a_line_without_an_error_has_no_exception(log: io.StringIO) -> None:
    structlog.get_logger(__name__).warning("all is well")
    logging.getLogger("django.request").warning("Not Found: /x")
    assert "exception" not in log.getvalue()
    assert "all is well" in log.getvalue()


@pytest.mark.parametrize("log", ["json"], indirect=True)
def test_each_line_is_one_record_for_a_machine(log: io.StringIO) -> None:
    try:
        refuse()
    except IntegrityError:
        structlog.get_logger(__name__).exception("it failed", row=7)
    (line,) = log.getvalue().splitlines()
    found = json.loads(line)
    assert (found["event"], found["row"], found["level"], "exc_info" in found) == ("it failed", 7, "error", False)
