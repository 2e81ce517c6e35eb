"""What the tests of this area share: addresses, and forms filled in as the page gives them."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from dipportal.organisations.models import Organisation
from tests.world import World


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def at(organisation: Organisation, page: str, **kwargs: Any) -> str:
    return reverse(f"providers:{page}", kwargs={"organisation": organisation.slug, **kwargs})


class Fields(HTMLParser):
    """The fields of the one form that has this action in it, with the values that a browser would send."""

    def __init__(self, html: str, action: str = "save") -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._current: dict[str, Any] | None = None
        self._select: dict[str, Any] | None = None
        self._textarea: str | None = None
        self.feed(html)
        self.form = next(form for form in self.forms if action in form["actions"])

    @property
    def data(self) -> dict[str, list[str]]:
        return {name: list(values) for name, values in self.form["data"].items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._current = {"data": {}, "actions": set()}
            self.forms.append(self._current)
        if self._current is None or "disabled" in given:
            return
        if "data-action" in given:
            self._current["actions"].add(given["data-action"])
        name = given.get("name", "")
        if tag == "input" and name:
            kind = given.get("type", "text")
            if kind not in ("checkbox", "radio") or "checked" in given:
                self._current["data"].setdefault(name, []).append(
                    given.get("value", "on" if kind == "checkbox" else "")
                )
        elif tag == "select" and name:
            self._select = {"name": name, "values": [], "first": None}
        elif tag == "option" and self._select is not None:
            value = given.get("value", "")
            if self._select["first"] is None:
                self._select["first"] = value
            if "selected" in given:
                self._select["values"].append(value)
        elif tag == "textarea" and name:
            self._textarea = name
            self._current["data"].setdefault(name, [""])

    def handle_data(self, data: str) -> None:
        if self._textarea is not None and self._current is not None:
            self._current["data"][self._textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None and self._current is not None:
            # A browser drops the line break that stands right after the opening tag.
            kept = self._current["data"][self._textarea][0]
            self._current["data"][self._textarea][0] = kept.removeprefix("\r\n").removeprefix("\n")
            self._textarea = None
        elif tag == "select" and self._select is not None and self._current is not None:
            values = self._select["values"] or ([self._select["first"]] if self._select["first"] is not None else [])
            self._current["data"].setdefault(self._select["name"], []).extend(values)
            self._select = None
        elif tag == "form":
            self._current = None


def fields(response: HttpResponse, action: str = "save") -> dict[str, list[str]]:
    return Fields(response.content.decode(), action).data


def send(client: Client, url: str, changes: dict[str, Any] | None = None, action: str = "save") -> Any:
    """Open the page, change some fields of its form, and send it."""
    page = client.get(url)
    assert page.status_code == 200, (url, page.status_code)
    data: dict[str, Any] = {**fields(page, action), **(changes or {})}
    return client.post(url, {name: value for name, value in data.items() if value is not None})
