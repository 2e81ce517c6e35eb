"""The main pages as people see them: on a laptop and on a telephone, for eyes and for screen readers."""

from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.conftest import keep_picture
from tests.browser.visitor import Portal, Visitor, until

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Shown:
    """`follow`, `then`: go on through the first link that matches, as a reader would."""

    name: str
    path: str
    who: str = ""
    follow: str = ""
    then: str = ""


FIRST = "tbody th a[href*='/afspraken/']"
EDIT, COUNTER, COUNTS = "[data-action=edit]", "[data-action=counter]", "[data-page=counts]"
SHEET, IN_FORCE = "[data-page=sheet]", "afspraken/?status=approved"
SALES = "[data-page=sales]"
STANDING = "a[href*='/mantel']"
PAGES = (
    Shown("inloggen", "/account/login/"),
    Shown("aanbieder-start", scenes.AGENCY, scenes.PLANNER),
    Shown("aanbieder-producties", f"{scenes.AGENCY}producties/", scenes.PLANNER),
    Shown("aanbieder-productie", f"{scenes.AGENCY}producties/", scenes.PLANNER, "tbody th a"),
    Shown("aanbieder-kaartstanden", f"{scenes.AGENCY}producties/", scenes.PLANNER, "tbody th a", COUNTS),
    Shown("aanbieder-kaartstanden-seizoen", f"{scenes.AGENCY}kaartstanden/", scenes.PLANNER),
    Shown("aanbieder-stille-theaters", f"{scenes.AGENCY}kaartstanden/stil/", scenes.PLANNER),
    Shown("aanbieder-verkoopmail", f"{scenes.AGENCY}kaartstanden/verkoopmail/", scenes.PLANNER),
    Shown("aanbieder-verkoopmail-nieuw", f"{scenes.AGENCY}kaartstanden/verkoopmail/nieuw/", scenes.PLANNER),
    Shown("aanbieder-productie-nieuw", f"{scenes.AGENCY}producties/nieuw/", scenes.PLANNER),
    Shown("aanbieder-voorstellingen", f"{scenes.AGENCY}voorstellingen/", scenes.PLANNER),
    Shown("aanbieder-afspraken", f"{scenes.AGENCY}afspraken/", scenes.PLANNER),
    Shown("aanbieder-afspraak", f"{scenes.AGENCY}afspraken/?status=rejected", scenes.PLANNER, FIRST),
    Shown("aanbieder-borderel", f"{scenes.AGENCY}{IN_FORCE}", scenes.PLANNER, FIRST, SHEET),
    Shown("aanbieder-synchronisatie", f"{scenes.AGENCY}synchronisatie/", scenes.PLANNER),
    Shown("aanbieder-conflicten-leeg", f"{scenes.AGENCY}synchronisatie/conflicten/", scenes.PLANNER),
    Shown("aanbieder-theaters", f"{scenes.AGENCY}theaters/", scenes.PLANNER),
    Shown("afnemer-start", scenes.KADE, scenes.PROGRAMMER),
    Shown("afnemer-afspraken", f"{scenes.KADE}afspraken/", scenes.PROGRAMMER),
    Shown("afnemer-voorstel", f"{scenes.KADE}afspraken/?status=proposed", scenes.PROGRAMMER, FIRST),
    Shown("afnemer-borderel", f"{scenes.KADE}{IN_FORCE}", scenes.PROGRAMMER, FIRST, SHEET),
    Shown("afnemer-voorstellingen", f"{scenes.KADE}voorstellingen/", scenes.PROGRAMMER),
    Shown("afnemer-werkblad", f"{scenes.KADE}kaartstanden/werkblad/", scenes.PROGRAMMER),
    Shown("aanbieder-afspraak-bewerken", f"{scenes.AGENCY}afspraken/?status=concept", scenes.PLANNER, FIRST, EDIT),
    Shown("aanbieder-sjablonen", f"{scenes.AGENCY}afspraken/sjablonen/", scenes.PLANNER),
    Shown("aanbieder-meer-tegelijk", f"{scenes.AGENCY}afspraken/samen/", scenes.PLANNER),
    Shown("aanbieder-mantel", f"{scenes.AGENCY}afspraken/", scenes.PLANNER, STANDING),
    Shown("aanbieder-organisatie", f"{scenes.AGENCY}organisatie/", scenes.PLANNER),
    Shown("afnemer-aanpassen", f"{scenes.KADE}afspraken/?status=proposed", scenes.PROGRAMMER, FIRST, COUNTER),
    Shown("afnemer-kaartstanden", f"{scenes.KADE}kaartstanden/?state=", scenes.PROGRAMMER),
    Shown("afnemer-kaartstand", f"{scenes.KADE}kaartstanden/", scenes.PROGRAMMER, "tbody th a"),
    Shown("afnemer-verkoop", f"{scenes.KADE}kaartstanden/", scenes.PROGRAMMER, SALES),
    Shown("afnemer-verkoop-productie", f"{scenes.KADE}kaartstanden/verkoop/", scenes.PROGRAMMER, "tbody th a"),
    Shown("afnemer-koppelen", f"{scenes.KADE}kaartstanden/koppelen/", scenes.PROGRAMMER),
    Shown("afnemer-hoe-wij-tellen", f"{scenes.KADE}kaartstanden/instellingen/", scenes.PROGRAMMER),
    Shown("afnemer-sleutels", f"{scenes.KADE}kaartstanden/systeem/", scenes.KADE_MANAGER),
    Shown("afnemer-organisatie", f"{scenes.KADE}organisatie/", scenes.PROGRAMMER),
    Shown("papier-controleren", "/controle/"),
    Shown("mail", "/demo/mail/"),
)  # fmt: skip
WIDTHS = {1280: 900, 390: 844}


def open_page(visitor: Visitor, shown: Shown) -> None:
    visitor.go(shown.path)
    for link in filter(None, (shown.follow, shown.then)):
        with visitor.page.expect_navigation():
            visitor.page.locator(f"main {link}").first.click()
    expect(visitor.page.locator("h1")).to_have_count(1)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.name)
def test_a_main_page(visitors: Any, shown: Shown, width: int) -> None:
    visitor = visitors(width=width, height=WIDTHS[width], who=shown.who)
    spoken: list[str] = []
    visitor.page.on("console", lambda message: spoken.append(message.text) if message.type == "error" else None)
    visitor.page.on("pageerror", lambda error: spoken.append(str(error)))
    open_page(visitor, shown)
    look_over(visitor, f"{shown.name}-{width}")
    assert spoken == [], "scripts fail, or something is not allowed to load"


def look_over(visitor: Visitor, name: str) -> None:
    """Kept as a picture, not wider than its window, and clean for axe."""
    keep_picture(visitor.page, name)
    wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than its window"
    found = Axe().run(visitor.page)
    assert found.violations_count == 0, found.generate_report()


LONG = "De Onwaarschijnlijke Geschiedenis van de Vuurtorenwachtersdochter en de Zeven Verdwenen Dorpen"


def test_a_conflict_in_both_widths(visitors: Any, site: Portal) -> None:
    """Other terms in DIP than were proposed: the overview, both states, and what the theater reads."""
    planner = visitors(who=scenes.PLANNER)
    agreement = scenes.draft(planner, scenes.enter_production(planner, LONG, evenings=2))
    scenes.propose(planner, agreement)
    made = scenes.in_dip(site, scenes.reference_of(planner, agreement), status="proposed")
    other = {"producer_warranty": 600000, "remarks": f"{LONG}. " * 4}
    site.dip.edit("contract", made["id"], properties=other)
    overview = f"{scenes.AGENCY}synchronisatie/conflicten/"

    def found() -> bool:
        planner.go(overview)
        return planner.page.locator("[data-conflicts] tbody tr").count() > 0

    until(found, "the conflict in the overview")
    for width, height in WIDTHS.items():
        visitor = visitors(width=width, height=height, who=scenes.PLANNER)
        visitor.go(overview)
        look_over(visitor, f"aanbieder-conflicten-{width}")
        with visitor.page.expect_navigation():
            visitor.page.locator("[data-conflicts] tbody th a").first.click()
        expect(visitor.action("choose-take")).to_be_visible()
        look_over(visitor, f"aanbieder-conflict-{width}")
        theater = visitors(width=width, height=height, who=scenes.PROGRAMMER)
        theater.go(f"{scenes.KADE}afspraken/{agreement}/")
        expect(theater.page.locator("[data-section=conflict]")).to_be_visible()
        look_over(theater, f"afnemer-conflict-{width}")
