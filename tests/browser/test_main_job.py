"""What the portal is for, done by two people in two browsers, with DIP and the mails in between."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.visitor import Portal, until

pytestmark = pytest.mark.browser


def test_from_a_new_production_to_an_approved_agreement(visitors: Any, site: Portal) -> None:
    title = "De Lantaarn van Waterhorn"
    planner = visitors(who=scenes.PLANNER)
    production = scenes.enter_production(planner, title)
    agreement = scenes.draft(planner, production)
    scenes.expect_status(planner, "concept")
    reference = scenes.reference_of(planner, agreement)

    theater = visitors(width=390, height=844, who=scenes.PROGRAMMER)
    answer = theater.page.goto(f"{scenes.KADE}afspraken/{agreement}/")
    assert answer is not None
    assert answer.status == 404, "a concept does not exist for the theater"

    scenes.propose(planner, agreement)
    known = scenes.in_dip(site, reference, status="proposed")
    assert known["creates"] == 1

    reader = visitors()
    mail = scenes.mail_to(reader, scenes.PROGRAMMER, title)
    link = scenes.link_in(reader, mail)
    programmer = visitors(width=390, height=844)
    programmer.page.goto(link)
    programmer.fill_in_log_in(scenes.PROGRAMMER)
    expect(programmer.page).to_have_url(re.compile(rf"/afnemer/de-kade/afspraken/{agreement}/"))
    expect(programmer.page.locator("h1")).to_contain_text(title)
    programmer.act("approve")
    scenes.expect_status(programmer, "approved")
    expect(programmer.action("approve")).to_have_count(0)

    answer_mail = scenes.mail_to(reader, scenes.PLANNER, title)
    planner.page.goto(scenes.link_in(reader, answer_mail))
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{agreement}/"))
    scenes.expect_status(planner, "approved")


def test_a_rejection_of_two_fields_and_the_version_after_it(visitors: Any, site: Portal) -> None:
    title = "Zeven Zomers in Zandlicht"
    planner, programmer, reader = visitors(who=scenes.PLANNER), visitors(who=scenes.PROGRAMMER), visitors()
    agreement = scenes.draft(planner, scenes.enter_production(planner, title, evenings=1))
    scenes.propose(planner, agreement)

    programmer.go(f"{scenes.KADE}afspraken/{agreement}/")
    reason = "De garantie is te hoog voor een dinsdag, en de toeslag is bij ons 3 euro."
    programmer.act("reject")
    expect(programmer.page.locator("[name=reason]")).to_be_visible()
    scenes.expect_status(programmer, "proposed")
    programmer.page.locator(".reject-terms > summary").click()
    for term in ("provider_guarantee", "theater_surcharge"):
        programmer.page.check(f"input[name=rejected_terms][value={term}]")
    programmer.fields(reason=reason)
    programmer.act("reject")
    scenes.expect_status(programmer, "rejected")

    planner.page.goto(scenes.link_in(reader, scenes.mail_to(reader, scenes.PLANNER, title)))
    scenes.expect_status(planner, "rejected")
    expect(planner.page.locator("main")).to_contain_text(reason)
    marked = planner.page.locator("[data-term]:has(.tone-danger)")
    assert sorted(str(row.get_attribute("data-term")) for row in marked.all()) == [
        "provider_guarantee",
        "theater_surcharge",
    ]

    planner.act("amend")
    expect(planner.page).to_have_url(re.compile(r"/afspraken/\d+/bewerken/$"))
    following = int(planner.path.split("/")[-3])
    assert following != agreement
    planner.fields(provider_guarantee="5000", theater_surcharge="3", settlement_prices="25; 20")
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{following}/$"))
    scenes.propose(planner, following)
    reference = scenes.reference_of(planner, following)
    scenes.in_dip(site, reference, status="proposed")

    programmer.go(f"{scenes.KADE}afspraken/{following}/")
    expect(programmer.page.locator("del").first).to_be_visible()
    programmer.act("approve")
    scenes.expect_status(programmer, "approved")
    programmer.go(f"{scenes.KADE}afspraken/{agreement}/")
    scenes.expect_status(programmer, "rejected")


def test_answers_given_in_dip_count_here(visitors: Any, site: Portal) -> None:
    titles = ("Nachtboot naar het Anker", "De Stille Veerman")
    planner, reader = visitors(who=scenes.PLANNER), visitors()
    agreements, numbers = [], []
    for title in titles:
        agreement = scenes.draft(planner, scenes.enter_production(planner, title, evenings=1))
        scenes.propose(planner, agreement)
        agreements.append(agreement)
        numbers.append(scenes.in_dip(site, scenes.reference_of(planner, agreement), status="proposed")["id"])

    dashboard = visitors()
    reason = "Die week is de zaal dicht."
    dashboard.page.goto(f"{site.sandbox}/dashboard/theaters/{scenes.KADE_ID}/contracts/{numbers[0]}/")
    dashboard.page.locator("form[action$='/approve'] button").click()
    dashboard.page.goto(f"{site.sandbox}/dashboard/theaters/{scenes.KADE_ID}/contracts/{numbers[1]}/")
    dashboard.page.locator("[name=reason]").fill(reason)
    dashboard.page.locator("form[action$='/reject'] input[name=fields]").first.check()
    dashboard.page.locator("form[action$='/reject'] button").click()

    for agreement, status in zip(agreements, ("approved", "rejected"), strict=True):

        def arrived(agreement: int = agreement, status: str = status) -> bool:
            planner.go(f"{scenes.AGENCY}afspraken/{agreement}/")
            return scenes.status_badge(planner, status).count() == 1

        until(arrived, f"the answer '{status}' that was given in DIP", seconds=60)
    expect(planner.page.locator("main")).to_contain_text(reason)
    for title in titles:
        scenes.mail_to(reader, scenes.PLANNER, title)
