"""Walks a signed-in person's pages: every link, every choice of every filter, a search for what must not be found."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from django.test import Client

from dipportal.core.spreadsheets import CONTENT_TYPES, XLSX

NOT_FOLLOWED = ("/account/logout", "/beheer", "/static", "/demo")
MOST_PAGES = 1500


class Parts(HTMLParser):
    """The links of a page, and the fields of its GET forms with their choices."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._form: tuple[str, list[tuple[str, str]]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._form = (given.get("action", ""), []) if given.get("method", "get").lower() == "get" else None
            if self._form is not None:
                self.forms.append(self._form)
        elif self._form is not None and tag == "select":
            self._select = given.get("name", "")
        elif self._form is not None and tag == "option" and self._select:
            self._form[1].append((self._select, given.get("value", "")))
        elif self._form is not None and tag == "input" and given.get("type", "text") in ("text", "search"):
            self._form[1].append((given.get("name", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


def crawl(client: Client, start: str, *, words: Iterable[str] = ()) -> dict[str, str]:
    """address → page, for everything that can be reached with GET. `words` go into every search box.

    A page with a query string is a leaf: orders and filters are tried one at a time, not in every combination.
    """
    pages: dict[str, str] = {}
    waiting = [start]
    while waiting:
        url = waiting.pop()
        if url in pages:
            continue
        assert len(pages) < MOST_PAGES, "the crawl does not end"
        reply = client.get(url)
        assert reply.status_code in (200, 302), f"{url}: {reply.status_code}"
        if reply.headers.get("Content-Type", "") == "application/pdf":
            # Compressed: nothing to read in it here. tests/contracts/test_paper.py reads what goes in.
            pages[url] = ""
            continue
        if reply.headers.get("Content-Type", "") == CONTENT_TYPES[XLSX]:
            pages[url] = in_workbook(reply.content)
            continue
        pages[url] = reply.headers.get("Location", "") if reply.status_code == 302 else reply.content.decode()
        if reply.status_code == 302:
            waiting.append(reply.headers["Location"])
        elif reply.headers["Content-Type"].startswith("text/html") and "?" not in url:
            waiting.extend(_next(url, pages[url], list(words)))
    return pages


def in_workbook(content: bytes) -> str:
    """Every letter of a workbook but for the moment at which it was made."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = sorted(name for name in parts.namelist() if not name.startswith("docProps/"))
        return "".join(parts.read(name).decode() for name in names)


def _next(url: str, page: str, words: list[str]) -> Iterator[str]:
    parts = Parts()
    parts.feed(page)
    for link in parts.links:
        target = urlsplit(urljoin(url, link))
        if target.netloc or target.scheme or not target.path.startswith("/") or target.path.startswith(NOT_FOLLOWED):
            continue
        yield target.path + (f"?{target.query}" if target.query else "")
    for action, fields in parts.forms:
        target_path = urlsplit(urljoin(url, action or url)).path
        for name, value in fields:
            for text in [value] if value else words:
                yield f"{target_path}?{urlencode({name: text})}"
