"""The frame around every page: who you are, where you are, and a way on."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import get_template
from django.test import Client

from tests.frontend.conftest import StrictReader, read
from tests.frontend.showcase import portal_context

pytestmark = pytest.mark.django_db


def frame(request: HttpRequest, **context: Any) -> StrictReader:
    return read(get_template("base.html").render(context, request))


def test_the_showcase_is_well_formed(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    read(response.content.decode())


def test_the_frame_says_who_you_are_and_where(page_request: HttpRequest) -> None:
    page = frame(page_request, **portal_context())
    assert {"Impresariaat Noorderlicht", "aanbieder · meekijker"} <= {line.strip() for line in page.text.splitlines()}
    current = [attrs["href"] for _tag, attrs in page.tags if attrs.get("aria-current") == "page"]
    assert set(current) == {"/file-text/"}


def test_every_account_page_is_within_reach(page_request: HttpRequest) -> None:
    links = frame(page_request, **portal_context()).attributes("href")
    assert {
        "/account/email/",
        "/account/password/change/",
        "/account/2fa/",
        "/account/sessions/",
        "/account/logout/",
    } <= set(links)


def test_the_language_is_named_and_can_be_changed(page_request: HttpRequest) -> None:
    page = frame(page_request, user=AnonymousUser())
    assert next(attrs["lang"] for tag, attrs in page.tags if tag == "html") == "nl"
    values = {(attrs.get("name"), attrs.get("value")) for _tag, attrs in page.tags}
    assert {("language", "nl"), ("language", "en"), ("next", "/afspraken/?status=proposed&page=2")} <= values


def test_a_stranger_sees_no_menus(page_request: HttpRequest) -> None:
    page = frame(page_request, user=AnonymousUser())
    assert "details" not in [tag for tag, _attrs in page.tags]
    assert "/account/login/" in page.attributes("href")


def test_somebody_without_an_organisation_can_choose_one(page_request: HttpRequest) -> None:
    page = frame(page_request, **portal_context() | {"organisation": None, "membership": None, "navigation": []})
    assert {"/noorderlicht/", "/lang/"} <= set(page.attributes("href"))


def test_a_single_organisation_is_no_menu(page_request: HttpRequest) -> None:
    context = portal_context()
    page = frame(page_request, **context | {"memberships": context["memberships"][:1]})
    assert "/noorderlicht/" not in page.attributes("href")
    assert "Impresariaat Noorderlicht" in page.text


def test_the_skip_link_leads_to_the_content(page_request: HttpRequest) -> None:
    page = frame(page_request)
    assert next(attrs["href"] for tag, attrs in page.tags if tag == "a") == "#main"
    assert "main" in page.attributes("id")
