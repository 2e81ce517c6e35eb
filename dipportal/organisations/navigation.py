"""The main menu. Each area registers what stands in it, so that this room need not know the areas."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from dipportal.organisations.enums import Side

# The pages that lie under 'Organisation' in both menus; organisations.pages.urls gives them.
ORGANISATION_PAGES = (
    "organisation_edit",
    "invite",
    "invitation_resend",
    "invitation_withdraw",
    "member_role",
    "member_remove",
)

# In the menu nobody needs to know how many more it is.
MOST_TOLD = 99


def told(count: int) -> str:
    """Nothing of none; `count` is counted to one more than is told."""
    if count > MOST_TOLD:
        return f"{MOST_TOLD}+"
    return str(count) if count else ""


@dataclass(frozen=True)
class Item:
    """One entry. `count` is what waits there, counted to one more than is told; 0 shows nothing."""

    label: str | Promise
    url: str
    icon: str = ""
    active: bool = False
    count: int = 0

    @property
    def told(self) -> str:
        return told(self.count)


@dataclass(frozen=True)
class Area:
    items: Callable[[Any], list[Item]]
    search: str


_areas: dict[str, Area] = {}


def register(side: Side, *, items: Callable[[Any], list[Item]], search: str) -> None:
    """Called from an area's `apps.py`. `search` is the name of its search page."""
    _areas[side] = Area(items, search)


def of(request: HttpRequest) -> tuple[list[Item], str]:
    """The menu and the address of the search page, for a request that has passed the door of an area."""
    organisation = request.organisation  # type: ignore[attr-defined]
    area = _areas.get(organisation.kind)
    if area is None:
        return [], ""
    return area.items(request), reverse(area.search, kwargs={"organisation": organisation.slug})
