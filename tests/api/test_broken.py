"""An error that nobody expected is told in the form of the API, without its words, and it reaches the log."""

import logging
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.test import Client
from django.urls import reverse

from dipportal.api import loaders, views
from dipportal.ticketing import keys
from dipportal.ticketing.models import TicketCount
from tests.access import api
from tests.api.conftest import Call, tickets
from tests.api.test_document import DOCUMENT, check, schema_of
from tests.world import World

pytestmark = pytest.mark.django_db
WORDS = "woorden van de fout"


def broken(*_args: Any, **_more: Any) -> Any:
    raise RuntimeError(WORDS)


@pytest.fixture
def calm() -> Client:
    return Client(raise_request_exception=False)


def told(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert WORDS not in answer.content.decode()


def test_an_error_is_told_in_the_form_of_the_api(put: Call, calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaders, "reported", broken)
    answer = put(tickets(), client=calm)
    told(answer, 500, "server_error")
    check(answer.json(), schema_of(DOCUMENT["paths"][reverse("api:tickets")]["put"], 500))


def test_an_error_while_the_key_is_read_is_told_alike(put: Call, calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "recognised", broken)
    told(put(tickets(), client=calm), 500, "server_error")


def test_an_error_before_the_view_is_told_alike(put: Call, calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", broken)
    told(put(tickets(), client=calm), 500, "server_error")


def test_an_error_reaches_the_log_with_what_led_to_it(
    put: Call, calm: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def hear(request: Any, **_more: Any) -> None:
        heard.append(request.path)

    monkeypatch.setattr(loaders, "reported", broken)
    got_request_exception.connect(hear)
    try:
        with caplog.at_level(logging.ERROR, logger="django.request"):
            put(tickets(), client=calm)
    finally:
        got_request_exception.disconnect(hear)
    assert heard == [reverse("api:tickets")]
    (line,) = [one for one in caplog.records if one.name == "django.request" and one.levelno == logging.ERROR]
    assert line.exc_info
    assert str(line.exc_info[1]) == WORDS


def test_after_an_error_the_same_call_is_taken_in(
    world: World, put: Call, calm: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # After the rows were written, and within their transaction.
        patch.setattr("dipportal.ticketing.system_reports.record_many", broken)
        assert put(tickets(), client=calm).status_code == 500
    assert not TicketCount.objects.exists()
    assert put(tickets(), client=calm).json()["changed"] == 1


def test_what_django_refuses_is_told_in_the_form_of_the_api(
    put: Call, calm: Client, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(put(tickets(), client=calm, headers={"Host": "elders.example"}), 400, "refused")

    def suspicious(*_args: Any) -> Any:
        raise SuspiciousOperation(WORDS)

    monkeypatch.setattr(views.Performances, "get", suspicious)
    told(api.call("GET", "performances", secret, client=calm), 400, "refused")


@pytest.mark.parametrize("path", ["/api/", "/api/v2/tickets/cumulative", "/api/x"])
def test_an_address_beside_the_api_is_not_found_in_its_form(path: str) -> None:
    told(Client().get(path), 404, "not_found")
    told(Client(enforce_csrf_checks=True).put(path, b"{}", "application/json"), 404, "not_found")


def test_pages_for_people_stay_pages(calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [calm.get("/apix/"), calm.get("/", headers={"Host": "elders.example"})]
    monkeypatch.setattr("django.middleware.common.CommonMiddleware.process_request", broken)
    answers.append(calm.get("/"))
    assert [answer.status_code for answer in answers] == [404, 400, 500]
    assert {answer.headers["Content-Type"] for answer in answers} == {"text/html; charset=utf-8"}
