"""The sales monitor over 300,000 performances in 13 seasons: each page beside that of a provider with one production.

The same page is asked of both in turn; the middle of the ratios counts, as in pages.py. All 300,000 performances belong
to the large provider, others with 15,000 more stand beside it. Questions to the database must be as many as with one
production.
"""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import _seasons
from bench.common import Ratio, say, seconds
from bench.pages import Page, in_turn, signed_in
from dipportal.catalogue.models import Performance
from dipportal.organisations.models import User
from dipportal.ticketing import sums

MOST, MOST_BYTES = 3, 60_000
PAGES = {
    "season, weakest first": ("counts", ""),
    "season, by title": ("counts", "?order=title"),
    "season, most sold": ("counts", "?order=-sold"),
    "season, most in a week": ("counts", "?order=-change"),
    "season, most silent": ("counts", "?order=-silent"),
    "season, a search": ("counts", "?q=storm"),
    "season, page 5": ("counts", "?page=5"),
    "season of long ago": ("counts", f"?season={_seasons.season_ago(9)}"),
    "silent theaters": ("silent_theaters", ""),
    "silent theaters of long ago": ("silent_theaters", f"?season={_seasons.season_ago(9)}"),
    "one production": ("production_counts", ""),
}


def run() -> list[Ratio]:
    settings.ALLOWED_HOSTS = ["testserver"]
    houses = _seasons.people()
    _seasons.fill()
    taken = seconds(sums.renew_all)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    say(f"{Performance.objects.count():,} performances; the sums of all tours renewed in {taken:.0f} s")
    ratios = []
    for name, (page, query) in PAGES.items():
        large = made(houses.large, page, houses.of_large, query)
        # One production has one page.
        small = made(houses.small, page, houses.of_small, query.replace("?page=5", ""))
        ratios += measured(name, large, small)
    return ratios


def made(user: User, page: str, production: int, query: str) -> Page:
    slug = user.memberships.get().organisation.slug
    arguments = [slug, production] if page == "production_counts" else [slug]
    return Page(page, signed_in(user), reverse(f"providers:{page}", args=arguments) + query)


def measured(name: str, large: Page, small: Page) -> list[Ratio]:
    """Also of the pages of a house (house.py)."""
    times = in_turn(large.get, small.get)
    note = f"{times.page * 1000:.1f} ms, with one production {times.bare * 1000:.1f} ms"
    (asked, answer), (beside, _other) = weighed(large), weighed(small)
    return [
        Ratio(f"{name}, times the page with one production", times.ratio, MOST, note=note),
        Ratio(f"{name}, queries", asked, beside, note="at most those with one production"),
        Ratio(f"{name}, bytes", len(answer.content), MOST_BYTES),
    ]


def weighed(page: Page) -> tuple[int, Any]:
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = page.get()
    return len(queries), answer
