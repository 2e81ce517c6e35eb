"""A person in front of the portal, and what tests ask of the world outside. Conditions are polled, not slept for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from playwright.sync_api import Locator, Page, expect

from dipportal.demo.people import PASSWORD
from dipportal.sandbox.server import Admin

Found = TypeVar("Found")


def until(ask: Callable[[], Found | None], what: str, *, seconds: float = 40) -> Found:
    """Ask again until there is something; a bound, not a wait."""
    end = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds:.0f} seconds for: {what}"
        time.sleep(0.25)


@dataclass(frozen=True)
class Portal:
    web: str
    sandbox: str
    dip: Admin


class Visitor:
    """One browser of one's own. Addresses are paths in the portal."""

    def __init__(self, page: Page, site: Portal) -> None:
        self.page = page
        self.site = site

    def go(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.ok, f"{answer.status} for {path}"

    def log_in(self, email: str) -> None:
        self.go("/account/login/")
        self.fill_in_log_in(email)

    def fill_in_log_in(self, email: str) -> None:
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.locator("form:has(input[name=password]) button[type=submit]").first.click()
        expect(self.page.locator("input[name=password]")).to_have_count(0)

    def action(self, name: str) -> Locator:
        """The buttons or links of that name; a long form has its own at the top and at the end."""
        return self.page.locator(f"[data-action='{name}']")

    def act(self, name: str) -> None:
        self.action(name).first.click()

    def fields(self, **values: Any) -> None:
        for name, value in values.items():
            self.page.fill(f"[name='{name}']", str(value))

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.site.web)
