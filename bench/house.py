"""How a season sells in one house of 5,000 performances: each page beside that of a house with one production.

Nothing is kept of it: all is added up for the page. The 5,000 lie in 13 seasons; 60,000 performances elsewhere, and
those of the same productions in other houses, stand beside them. The same page is asked of both in turn, as in
monitor.py.
"""

from django.conf import settings
from django.db import connection
from django.urls import reverse

from bench import _seasons
from bench._seasons import House
from bench.common import Ratio, say, seconds
from bench.monitor import measured
from bench.pages import Page, signed_in
from dipportal.catalogue.models import Performance
from dipportal.ticketing import sums

PAGES = {
    "season, weakest first": ("sales", ""),
    "season, by title": ("sales", "?order=title"),
    "season, a search": ("sales", "?q=storm"),
    "season of long ago": ("sales", f"?season={_seasons.season_ago(9)}"),
    "one production": ("production_sales", ""),
}


def run() -> list[Ratio]:
    settings.ALLOWED_HOSTS = ["testserver"]
    large, small = _seasons.houses()
    taken = seconds(sums.renew_all)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    say(f"{Performance.objects.count():,} performances; what theaters owe renewed in {taken:.0f} s")
    return [
        ratio
        for name, (page, query) in PAGES.items()
        for ratio in measured(name, made(large, page, query), made(small, page, query))
    ]


def made(house: House, page: str, query: str) -> Page:
    slug = house.user.memberships.get().organisation.slug
    arguments = [slug, house.production] if page == "production_sales" else [slug]
    return Page(page, signed_in(house.user), reverse(f"receivers:{page}", args=arguments) + query)
