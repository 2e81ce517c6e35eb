"""What people do in the portal, step by step, through its pages."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Portal, Visitor, until

AGENCY = "/aanbieder/impresariaat-lantaarnhof/"
KADE = "/afnemer/de-kade/"
PLANNER = "planner@impresariaat.example"
PROGRAMMER = "programmeur@de-kade.example"
KADE_MANAGER = "manager@de-kade.example"
KADE_ID = 2
# So far back a mail is looked for.
MAIL_PAGES = 6

TERMS = {
    "provider_share": "80",
    "provider_guarantee": "6.500,00",
    "copyright_percentage": "12",
    "entrance_prices": "28,00; 23,00",
    "settlement_prices": "26,00; 21,00",
    "theater_surcharge": "2",
    "remarks": "Speelduur 90 minuten zonder pauze.",
}


@dataclass(frozen=True)
class Mail:
    path: str
    subject: str
    recipient: str


def coming(days: int) -> str:
    return (dt.date.today() + dt.timedelta(days=days)).isoformat()  # noqa: DTZ011 - the date on the wall


def enter_production(planner: Visitor, title: str, *, evenings: int = 2) -> int:
    """A production with so many evenings in De Kade; returns its number in the address."""
    planner.go(f"{AGENCY}producties/nieuw/")
    planner.fields(title=title)
    planner.page.locator("select[name=producer]").select_option("123")
    planner.page.locator("select[name=genre]").select_option(index=1)
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(r"/producties/\d+/$"))
    number = int(planner.path.rstrip("/").rsplit("/", 1)[1])
    planner.go(f"{AGENCY}producties/{number}/voorstellingen/nieuw/?theater={KADE_ID}")
    for row in range(evenings):
        seats = {f"form-{row}-capacity": "400; 100"}
        planner.fields(**{f"form-{row}-day": coming(40 + row), f"form-{row}-time": "20:15", **seats})
        hall = planner.page.locator(f"select[name=form-{row}-hall]")
        hall.select_option(index=1)
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(r"/producties/\d+/$"))
    expect(planner.page.locator("tr[id^=performance-]")).to_have_count(evenings)
    return number


def draft(planner: Visitor, production: int, **changes: str) -> int:
    """A partage for every evening of this production in De Kade; returns the agreement's number in the address."""
    planner.go(f"{AGENCY}afspraken/nieuw/?production={production}&theater={KADE_ID}")
    planner.page.check("input[name=type][value=partage]")
    planner.act("continue")
    expect(planner.page.locator("[name=provider_share]")).to_be_visible()
    planner.fields(**{**TERMS, "contact_receiver": PROGRAMMER, "contact_provider": PLANNER, **changes})
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(r"/afspraken/\d+/$"))
    return int(planner.path.rstrip("/").rsplit("/", 1)[1])


def propose(planner: Visitor, agreement: int) -> None:
    planner.go(f"{AGENCY}afspraken/{agreement}/")
    planner.act("propose")
    expect(planner.page).to_have_url(re.compile(r"/voorstellen/$"))
    planner.act("propose")
    expect(planner.page).to_have_url(re.compile(rf"/afspraken/{agreement}/$"))
    expect_status(planner, "proposed")


# A status is shown as a word and an icon; the icon is the same in every language.
ICONS = {
    "concept": "pencil",
    "proposed": "send",
    "approved": "circle-check",
    "rejected": "circle-x",
    "revised": "history",
}


def status_badge(visitor: Visitor, status: str) -> Locator:
    return visitor.page.locator(f".page-head .badge:has(use[href$='#{ICONS[status]}'])")


def expect_status(visitor: Visitor, status: str) -> None:
    expect(status_badge(visitor, status)).to_be_visible()


def reference_of(planner: Visitor, agreement: int) -> str:
    planner.go(f"{AGENCY}afspraken/{agreement}/")
    found = re.search(r"DP-[2-9A-Z]{10}", planner.page.content())
    assert found
    return found.group()


def in_dip(site: Portal, reference: str, *, status: str) -> dict[str, Any]:
    """The agreement as DIP has it, once it has that status there; found by our reference in DIP's list of writes."""

    def ask() -> dict[str, Any] | None:
        made = [write for write in site.dip.writes() if reference in str(write["body"].get("name", ""))]
        numbers = {_number(write) for write in made if write["path"].endswith("/create")}
        assert len(numbers) <= 1, "the same agreement was made twice in DIP"
        proposed = [w for w in site.dip.writes() if w["path"] in {f"/contracts/{n}/propose" for n in numbers}]
        if not numbers or (status == "proposed" and not proposed):
            return None
        return {"id": numbers.pop(), "creates": len([w for w in made if w["path"].endswith("/create")]), "made": made}

    return until(ask, f"{reference} {status} in DIP", seconds=60)


def _number(write: dict[str, Any]) -> int:
    result = write["result"]
    return int(result["id"] if isinstance(result, dict) else result)


def mail_to(visitor: Visitor, recipient: str, words: str, *, seconds: float = 40) -> Mail:
    """The newest mail to this address with these words in the subject, once it has been sent."""

    def ask() -> Mail | None:
        """The newest are on the first page; the older ones on the next, as far as there are any."""
        for page in range(1, MAIL_PAGES + 1):
            visitor.go(f"/demo/mail/?page={page}")
            for row in visitor.page.locator("tbody tr").all():
                link = row.locator("th a")
                subject, to = link.inner_text().strip(), row.locator("td").first.inner_text().strip()
                if to == recipient and words in subject and row.locator("use[href$='#circle-check']").count():
                    return Mail(str(link.get_attribute("href")), subject, to)
            if not visitor.page.locator("a[rel=next]").count():
                return None
        return None

    return until(ask, f"mail to {recipient} about {words}", seconds=seconds)


def link_in(visitor: Visitor, mail: Mail, pattern: str = "/afspraken/") -> str:
    """The address of the page that the mail is about: the first one that looks like this."""
    visitor.go(mail.path)
    addresses = [link.get_attribute("href") or "" for link in visitor.page.locator("pre a").all()]
    return next(address for address in addresses if re.search(pattern, address))


def speak(visitor: Visitor, language: str) -> None:
    """The two buttons at the top of every page; the choice stays with the person."""
    visitor.page.locator(f".language-form button[value={language}]").first.click()
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)


def agreed(planner: Visitor, programmer: Visitor, title: str) -> int:
    """An agreement of one evening in De Kade, proposed and approved; returns its number in the address."""
    agreement = draft(planner, enter_production(planner, title, evenings=1))
    propose(planner, agreement)
    programmer.go(f"{KADE}afspraken/{agreement}/")
    programmer.act("approve")
    expect_status(programmer, "approved")
    return agreement


def number_in(visitor: Visitor, pattern: str) -> int:
    """The number of the agreement in the address, once the address looks like this."""
    expect(visitor.page).to_have_url(re.compile(pattern))
    return int(next(part for part in reversed(visitor.path.split("/")) if part.isdecimal()))


def enter_tour(planner: Visitor, production: int, theater: int, evenings: int, *, first_day: int) -> None:
    planner.go(f"{AGENCY}producties/{production}/voorstellingen/nieuw/?theater={theater}&rows=10")
    for row in range(evenings):
        planner.fields(**{f"form-{row}-day": coming(first_day + row), f"form-{row}-time": "20:00"})
        planner.page.locator(f"select[name=form-{row}-hall]").select_option(index=1)
    planner.act("save")
    expect(planner.page).to_have_url(re.compile(r"/producties/\d+/$"))


def member_theaters(planner: Visitor, most: int) -> list[int]:
    """The numbers of theaters with a hall that agreements can be made with, De Kade first."""
    found = [KADE_ID]
    for page in (1, 2, 3):
        planner.go(f"{AGENCY}theaters/?page={page}")
        for row in planner.page.locator("tbody tr").all():
            numbers = [int(text) for text in row.locator("code").all_inner_texts() if text.isdecimal()]
            is_member = row.locator("td").last.inner_text().strip() in ("ja", "yes")
            if is_member and len(numbers) > 1 and numbers[0] not in found:
                found.append(numbers[0])
    assert len(found) >= most, "the demo has too few member theaters with a hall"
    return found[:most]
