"""A page to render on, a strict HTML reader, and a browser."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.loader import get_template
from django.test import RequestFactory
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import CHROMIUM

VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
BROWSER_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class StrictReader(HTMLParser):
    """Fails on what browsers silently repair: tags that cross or stay open, attributes given twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> crosses another tag"

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _tag, attrs in self.tags if name in attrs]


def read(html: str) -> StrictReader:
    reader = StrictReader()
    reader.feed(html)
    reader.close()
    assert reader.open == [], f"never closed: {reader.open}"
    ids = reader.attributes("id")
    assert len(ids) == len(set(ids)), "an id is used twice"
    return reader


@pytest.fixture(autouse=True)
def showcase_addresses(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.frontend.urls"


@pytest.fixture
def page_request() -> HttpRequest:
    request = RequestFactory().get("/afspraken/?status=proposed&page=2")
    request.user = AnonymousUser()
    return request


@pytest.fixture
def component(page_request: HttpRequest) -> Callable[..., StrictReader]:
    """component("money", cents=100) renders templates/components/money.html and reads it strictly."""

    def render(name: str, /, **context: Any) -> StrictReader:
        return read(get_template(f"components/{name}.html").render(context, page_request))

    return render


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the database is only used around it, never from it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_SWITCHES)
        yield browser
        browser.close()
