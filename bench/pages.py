"""Every list page with 50 rows: beside a bare page, at a hundred times the rows, in queries and in bytes.

The bare page is `_bare.html`: the portal's own base layout with its menu, behind the same door and the same middleware,
signed in, and a table of 50 theaters in six columns of plain text, read with one query; no count, no filter, no order,
no date, no icon. The page and the bare one are asked in turn; each time of the page is divided by that of the bare one
right behind it, and the one in the middle of these counts. (The shortest of each come from different moments, and a
machine whose pace changes makes them differ by a fifth from run to run where this differs by a fiftieth.)

At a hundred times the rows (300,000 performances, 100,000 agreements, 10,000 productions) all of them belong to the
one provider that looks: nothing is made easy by rows being a neighbour's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path, reverse

from bench import _volume
from bench.common import Ratio, say, seconds
from dipportal.catalogue.models import Theater
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.urls import urlpatterns as portal

ROUNDS, TIMES = 40, 100
PROVIDER = (
    "start", "productions", "performances", "contracts", "finder", "members", "batches", "organisation", "sync",
    "search",
)  # fmt: skip
RECEIVER = ("start", "contracts", "performances", "organisation", "search")
QUERY = {
    ("receivers", "performances"): "?when=",
    # Two titles of five: what is found fills the page at either volume, so that both times show as many rows.
    ("providers", "search"): "?q=et",
    ("receivers", "search"): "?q=et",
}
MOST_QUERIES, MOST_BYTES = 8, 60_000


@area(Side.PROVIDER)
def bare(request: AreaRequest) -> HttpResponse:
    return render(request, "_bare.html", {"rows": Theater.objects.all()[:50]})


urlpatterns = [path("bare/<slug:organisation>/", bare), *portal]


@dataclass
class Page:
    name: str
    client: Client
    url: str

    def get(self) -> Any:
        answer = self.client.get(self.url)
        if answer.status_code != 200:
            raise RuntimeError(f"{self.url} answered {answer.status_code}")
        return answer


def run() -> list[Ratio]:
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.TEMPLATES[0]["DIRS"].append(Path(__file__).parent)
    with override_settings(ROOT_URLCONF="bench.pages"):
        return measured()


def measured() -> list[Ratio]:
    volume = _volume.people()
    _volume.fill(volume, 1)
    pages, plain = made(volume.provider, volume.receiver)
    ratios, once = [], {}
    for page in pages:
        once[page.name] = in_turn(page.get, plain.get)
        ratios.append(Ratio(f"{page.name}, times a bare page", once[page.name].ratio, 2, note=once[page.name].told))
        ratios += weight(page)
    say(f"{TIMES} times the rows")
    _volume.fill(volume, TIMES, have=1)
    # What both have in common is measured again: the machine may be busier by now.
    for page in pages:
        full, before = in_turn(page.get, plain.get), once[page.name]
        note = f"{full.told}; before {before.told}"
        ratios.append(Ratio(f"{page.name}, {TIMES} times the rows", full.ratio / before.ratio, 1.2, note=note))
    return ratios


def made(provider: Organisation, receiver: Organisation) -> tuple[list[Page], Page]:
    """Every list page of both sides, and the bare one, each asked by a manager."""
    clients = {}
    for slug in (provider.slug, receiver.slug):
        manager = Membership.objects.filter(organisation__slug=slug, role=Role.MANAGER).order_by("pk")[0].user
        clients[slug] = signed_in(manager)
    pages = [
        Page(f"{space} {name}", clients[slug], address(space, name, slug))
        for space, names, slug in (("providers", PROVIDER, provider.slug), ("receivers", RECEIVER, receiver.slug))
        for name in names
    ]
    return pages, Page("bare", clients[provider.slug], f"/bare/{provider.slug}/")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(space: str, name: str, slug: str) -> str:
    return reverse(f"{space}:{name}", kwargs={"organisation": slug}) + QUERY.get((space, name), "")


@dataclass
class Beside:
    """The middle of the ratios, and of the seconds of the page and of the bare one."""

    ratio: float
    page: float
    bare: float

    @property
    def told(self) -> str:
        return f"{self.page * 1000:.0f} ms, bare {self.bare * 1000:.0f} ms"


def in_turn(page: Callable[[], Any], plain: Callable[[], Any]) -> Beside:
    """Asked in turn; the first time of both loads templates and does not count."""
    page(), plain()
    pairs = [(seconds(page), seconds(plain)) for _round in range(ROUNDS)]
    ratio = median(time / bare for time, bare in pairs)
    return Beside(ratio, median(time for time, _bare in pairs), median(bare for _time, bare in pairs))


def weight(page: Page) -> list[Ratio]:
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = page.get()
    return [
        Ratio(f"{page.name}, queries", len(queries), MOST_QUERIES),
        Ratio(f"{page.name}, bytes", len(answer.content), MOST_BYTES),
    ]
