"""Fills in the forms of a page as a browser would."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class PostForms(HTMLParser):
    """The POST forms of a page: address → what a browser would send when nothing is changed."""

    def __init__(self, page_url: str) -> None:
        super().__init__()
        self.page_url = page_url
        self.forms: dict[str, dict[str, list[str]]] = {}
        self._fields: dict[str, list[str]] | None = None
        self._select = self._textarea = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            post = given.get("method", "").lower() == "post"
            path = urlsplit(urljoin(self.page_url, given.get("action", "") or self.page_url)).path
            self._fields = self.forms.setdefault(path, {}) if post else None
        elif self._fields is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        assert self._fields is not None
        if tag == "input" and name and given.get("type") not in ("submit", "button"):
            ticks = given.get("type") in ("checkbox", "radio")
            values = self._fields.setdefault(name, [])
            if not ticks or "checked" in given:
                values.append(given.get("value", "on" if ticks else ""))
        elif tag == "select":
            self._select = name
            self._fields.setdefault(name, [])
        elif tag == "option" and self._select:
            # Without a choice a browser sends the first one.
            if "selected" in given or not self._fields[self._select]:
                self._fields[self._select] = [given.get("value", "")]
        elif tag == "textarea":
            self._textarea, self._text = name, ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea and self._fields is not None:
            self._fields[self._textarea] = [self._text.lstrip("\n")]
            self._textarea = ""


def filled_in(page_url: str, page: str, action: str) -> dict[str, list[str]]:
    """What the page's form for this address sends; {} when the page has none."""
    parts = PostForms(page_url)
    parts.feed(page)
    found = dict(parts.forms.get(urlsplit(action).path, {}))
    found.pop("csrfmiddlewaretoken", None)
    return found
