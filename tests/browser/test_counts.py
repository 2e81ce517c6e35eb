"""From the theater's till to the producer's desk."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.visitor import Portal

pytestmark = pytest.mark.browser

TOTALS = {"normal": "120", "discount": "30", "free": "4", "other": "3", "complimentary": "1", "reservations": "9"}


def test_from_the_weekly_mail_to_the_producer_s_curve(visitors: Any, site: Portal) -> None:
    reader, programmer = visitors(), visitors()
    mail = scenes.mail_to(reader, scenes.PROGRAMMER, "Vul in")
    programmer.page.goto(scenes.link_in(reader, mail, rf"{scenes.KADE}kaartstanden/\d+/"))
    programmer.fill_in_log_in(scenes.PROGRAMMER)
    expect(programmer.page).to_have_url(re.compile(r"/kaartstanden/\d+/$"))
    title = programmer.page.locator("h1").inner_text()
    programmer.fields(**TOTALS, revenue_cents="30")
    programmer.act("save")
    # Thirty euros for a hundred and fifty tickets: asked once more, and nothing saved.
    expect(programmer.page.locator("[data-doubts]")).to_contain_text("€")
    programmer.fields(revenue_cents="3.450,00")
    programmer.act("save")
    expect(programmer.page.locator("main")).to_contain_text("157")

    planner = visitors(who=scenes.PLANNER)
    planner.go(f"{scenes.AGENCY}producties/?q={title}")
    planner.page.locator("tbody th a").first.click()
    planner.page.locator("[data-page=counts]").first.click()
    expect(planner.page).to_have_url(re.compile(r"/kaartstanden/$"))
    row = planner.page.locator("tbody tr", has_text="ingevoerd door het theater")
    expect(row).to_contain_text("157")
    expect(row).to_contain_text("€ 3.450,00")
    expect(planner.page.locator("svg.chart path").first).to_be_attached()


def test_a_linked_performance_refuses_entry_in_words(visitors: Any) -> None:
    programmer = visitors(width=390, height=844, who=scenes.PROGRAMMER)
    programmer.go(f"{scenes.KADE}kaartstanden/koppelen/")
    field = programmer.page.locator("tbody input[type=text]").last
    pk = str(field.get_attribute("name")).removeprefix("n")
    field.fill("EV-4711")
    programmer.act("link")
    expect(programmer.page.locator(f"[name=n{pk}]")).to_have_count(0)
    programmer.go(f"{scenes.KADE}kaartstanden/{pk}/")
    expect(programmer.page.locator("main")).to_contain_text("EV-4711")
    expect(programmer.page.locator("[name=normal]")).to_have_count(0)
    programmer.page.get_by_role("link", name="Koppeling verbreken").click()
    programmer.act("unlink")
    expect(programmer.page.locator("[name=normal]")).to_be_visible()
