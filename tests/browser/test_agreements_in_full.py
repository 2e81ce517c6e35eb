"""Agreements beyond a yes: suggestions, adapted proposals, revisions, many at once; two people, two browsers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.conftest import keep_picture
from tests.browser.visitor import Portal, Visitor, until

pytestmark = pytest.mark.browser
# An agreement of the tour: which evenings there are in each of the twelve theaters.
EVENINGS = [8, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2]


@pytest.fixture(params=["nl", "en"])
def spoken(request: pytest.FixtureRequest, visitors: Any) -> Iterator[Any]:
    """Lets people in who read the portal in this language; afterwards they read Dutch again, as they did."""
    people: list[Visitor] = []

    def let_in(**who: Any) -> Visitor:
        people.append(visitors(**who))
        people[-1].go("/")
        scenes.speak(people[-1], request.param)
        return people[-1]

    let_in.language = request.param  # type: ignore[attr-defined]
    yield let_in
    for visitor in people:
        visitor.go("/")
        scenes.speak(visitor, "nl")


def narrow(visitor: Visitor) -> None:
    wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} pixels wider than its window"


def test_two_suggestions_taken_over_and_approved(spoken: Any, site: Portal) -> None:
    language = spoken.language
    planner = spoken(who=scenes.PLANNER)
    programmer = spoken(width=390, height=844, who=scenes.PROGRAMMER)
    agreement = scenes.draft(planner, scenes.enter_production(planner, f"De Vuurtoren ({language})", evenings=1))
    scenes.propose(planner, agreement)

    programmer.go(f"{scenes.KADE}afspraken/{agreement}/")
    narrow(programmer)
    programmer.page.locator(".reject-terms > summary").click()
    for term, suggestion, remark in (("provider_guarantee", "5.000,00", "Te hoog."), ("theater_surcharge", "3", "")):
        line = programmer.page.locator(f"[data-reject-term={term}]")
        line.locator("input[name=rejected_terms]").check()
        suggest = line.locator(f"[name=suggest_{term}]")
        if not suggest.is_visible():
            line.locator("summary").click()
        suggest.fill(suggestion)
        line.locator(f"[name=remark_{term}]").fill(remark)
    programmer.fields(reason="Twee bedragen kloppen niet.")
    narrow(programmer)
    keep_picture(programmer.page, f"afnemer-afkeuren-390-{language}")
    programmer.act("reject")
    scenes.expect_status(programmer, "rejected")

    planner.go(f"{scenes.AGENCY}afspraken/{agreement}/")
    guarantee = planner.page.locator("[data-term=provider_guarantee]")
    expect(guarantee.locator("[data-suggestion]")).to_contain_text("5.000,00")
    expect(guarantee.locator("[data-remark]")).to_contain_text("Te hoog.")
    keep_picture(planner.page, f"aanbieder-suggesties-1280-{language}")
    planner.act("take-over")
    following = scenes.number_in(planner, r"/afspraken/\d+/bewerken/$")
    expect(planner.page.locator("[name=provider_guarantee]")).to_have_value(re.compile("5.000"))
    expect(planner.page.locator("[name=theater_surcharge]")).to_have_value(re.compile("3"))
    planner.fields(settlement_prices="25,00; 20,00")
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{following}/$"))
    scenes.propose(planner, following)

    programmer.go(f"{scenes.KADE}afspraken/{following}/")
    expect(programmer.page.locator("del").first).to_be_visible()
    expect(programmer.page.locator("#yield-title")).to_be_visible()
    programmer.act("approve")
    scenes.expect_status(programmer, "approved")


def test_an_adapted_proposal_is_taken_as_it_is(visitors: Any, spoken: Any, site: Portal) -> None:
    title = f"Zilvermeeuw ({spoken.language})"
    planner, reader = spoken(who=scenes.PLANNER), visitors()
    programmer = spoken(width=390, height=844, who=scenes.PROGRAMMER)
    agreement = scenes.draft(planner, scenes.enter_production(planner, title, evenings=1))
    scenes.propose(planner, agreement)

    programmer.go(f"{scenes.KADE}afspraken/{agreement}/")
    programmer.act("counter")
    expect(programmer.page.locator("[name=provider_guarantee]")).to_be_visible()
    narrow(programmer)
    programmer.fields(provider_guarantee="5500", remark="Zo past het in onze begroting.")
    expect(programmer.page.locator("#yield")).to_contain_text("5.500,00")
    programmer.act("check")
    expect(programmer.page.locator("#changes")).to_contain_text("5.500,00")
    keep_picture(programmer.page, f"afnemer-aangepast-voorstel-390-{spoken.language}")
    narrow(programmer)
    programmer.act("send")
    counter = scenes.number_in(programmer, r"/afspraken/\d+/$")
    assert counter != agreement

    mail = scenes.mail_to(reader, scenes.PLANNER, title)
    planner.page.goto(scenes.link_in(reader, mail))
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{counter}/"))
    expect(planner.page.locator("main")).to_contain_text("Zo past het in onze begroting.")
    expect(planner.page.locator("[data-term=provider_guarantee] del")).to_contain_text("6.500,00")
    keep_picture(planner.page, f"aanbieder-aangepast-voorstel-1280-{spoken.language}")
    planner.act("adopt")
    expect(planner.page).to_have_url(re.compile(r"/aannemen/$"))
    planner.act("adopt")
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{counter}/$"))
    scenes.expect_status(planner, "approved")
    scenes.in_dip(site, scenes.reference_of(planner, counter), status="proposed")
    programmer.go(f"{scenes.KADE}afspraken/{counter}/")
    scenes.expect_status(programmer, "approved")


def test_an_approved_agreement_is_revised_and_the_old_one_stays_in_force_until_then(spoken: Any) -> None:
    planner, programmer = spoken(who=scenes.PLANNER), spoken(width=390, height=844, who=scenes.PROGRAMMER)
    agreement = scenes.agreed(planner, programmer, f"Onder de Waterlijn ({spoken.language})")
    planner.go(f"{scenes.AGENCY}afspraken/{agreement}/")
    planner.act("revise")
    revision = scenes.number_in(planner, r"/afspraken/\d+/bewerken/$")
    planner.fields(provider_guarantee="7000")
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{revision}/$"))
    scenes.propose(planner, revision)
    planner.go(f"{scenes.AGENCY}afspraken/{agreement}/")
    scenes.expect_status(planner, "approved")

    programmer.go(f"{scenes.KADE}afspraken/{revision}/")
    keep_picture(programmer.page, f"afnemer-herziening-390-{spoken.language}")
    programmer.act("approve")
    scenes.expect_status(programmer, "approved")
    for visitor, area in ((planner, scenes.AGENCY), (programmer, scenes.KADE)):
        visitor.go(f"{area}afspraken/{agreement}/")
        scenes.expect_status(visitor, "revised")
        visitor.go(f"{area}afspraken/{revision}/vergelijken/?met={agreement}")
        expect(visitor.page.locator("main")).to_contain_text("7.000,00")
        expect(visitor.page.locator("main")).to_contain_text("6.500,00")
        narrow(visitor)
    keep_picture(programmer.page, f"afnemer-vergelijken-390-{spoken.language}")
    keep_picture(planner.page, f"aanbieder-vergelijken-1280-{spoken.language}")


def test_forty_performances_in_twelve_theaters_are_proposed_at_once_and_eight_approved_at_once(
    spoken: Any, site: Portal
) -> None:
    title = f"De Lange Tournee {spoken.language}"
    planner = spoken(who=scenes.PLANNER)
    production = scenes.enter_production(planner, title, evenings=1)
    theaters = scenes.member_theaters(planner, 12)
    day = 60
    for theater, evenings in zip(theaters, EVENINGS, strict=True):
        scenes.enter_tour(planner, production, theater, evenings - (theater == scenes.KADE_ID), first_day=day)
        day += 10
    planner.go(f"{scenes.AGENCY}producties/{production}/")
    boxes = planner.page.locator("input[form=many-form][name=p]")
    expect(boxes).to_have_count(40)
    for box in boxes.all():
        box.check()
    planner.act("make-many")
    planner.page.check("input[name=per][value=performance]")
    planner.page.check("input[name=type][value=partage]")
    planner.act("continue")
    planner.fields(**{**scenes.TERMS, "contact_provider": scenes.PLANNER})
    planner.act("overview")
    expect(planner.page.locator("input[name=row]")).to_have_count(40)
    keep_picture(planner.page, f"aanbieder-veel-overzicht-1280-{spoken.language}")
    planner.act("create-and-propose")
    expect(planner.page).to_have_url(re.compile(r"/samen/\d+/$"))

    def finished() -> bool:
        planner.page.reload()
        return planner.action("refresh").count() == 0

    until(finished, "all forty made and proposed", seconds=120)
    keep_picture(planner.page, f"aanbieder-veel-klaar-1280-{spoken.language}")
    expect(planner.page.locator("tbody a[href*='/afspraken/']")).to_have_count(40)

    programmer = spoken(width=390, height=844, who=scenes.PROGRAMMER)
    programmer.go(f"{scenes.KADE}afspraken/?q={title.replace(' ', '+')}")
    offered = programmer.page.locator("input[name=chosen]")
    expect(offered).to_have_count(8)
    for box in offered.all():
        box.check()
    programmer.act("tick_approve")
    programmer.act("approve_many")
    expect(programmer.page).to_have_url(re.compile(r"/afspraken/beantwoord/"))
    keep_picture(programmer.page, f"afnemer-veel-beantwoord-390-{spoken.language}")
    programmer.go(f"{scenes.KADE}afspraken/?status=approved&q={title.replace(' ', '+')}")
    expect(programmer.page.locator("tbody tr")).to_have_count(8)
    planner.go(f"{scenes.AGENCY}afspraken/?status=proposed&q={title.replace(' ', '+')}")
    expect(planner.page.locator("main")).to_contain_text("32")

    def all_there() -> bool:
        made = [write for write in site.dip.writes() if write["path"].endswith("/create")]
        return len({write["body"]["name"] for write in made if _in(write, production, planner)}) >= 40

    until(all_there, "forty agreements in DIP", seconds=240)
    names = [write["body"]["name"] for write in site.dip.writes() if write["path"].endswith("/create")]
    assert len(names) == len(set(names)), "an agreement was made twice in DIP"


def _in(write: dict[str, Any], production: int, planner: Visitor) -> bool:
    """Does this write belong to the production? By DIP's id of it, which its page shows."""
    return bool(write["body"]["productionNumber"] == _dip_id(production, planner))


def _dip_id(production: int, planner: Visitor) -> str:
    if not planner.path.endswith(f"/producties/{production}/"):
        planner.go(f"{scenes.AGENCY}producties/{production}/")
    return planner.page.locator(".dip-id code").first.inner_text().strip()
