"""The front end in Chromium: accessible, fit for a telephone, usable without scripts, within the content policy."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from dipportal.organisations.models import User
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
EMAIL = "planner@noorderlicht.example"

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """open_page("/", width=390, color_scheme="dark") gives a page; complaints in its console fail the test."""
    contexts = []
    complaints: list[str] = []

    def visit(path: str, *, width: int = 1280, status: int = 200, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, locale="nl-NL", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: "Content Security Policy" in line.text and complaints.append(line.text))
        address = live_server.url.replace("127.0.0.1", "localhost")
        response = page.goto(f"{address}{path}")
        assert response
        assert response.status == status
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def planner(transactional_db: None) -> User:
    user = User.objects.create_user(EMAIL, PASSWORD, name="Planner")
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    return user


def problems(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    lines = [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        lines.append("the page scrolls sideways")
    return lines


def log_in(page: Page) -> None:
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", PASSWORD)
    page.click("main form.account-form button")
    page.wait_for_url("**/")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_every_component_is_accessible_and_fits(open_page: Open, width: int, scheme: str) -> None:
    page = open_page("/", width=width, color_scheme=scheme)
    assert page.locator("html").get_attribute("data-bs-theme") == scheme
    for fold in page.locator("summary:visible").all():
        fold.click()
        assert problems(page) == []


@pytest.mark.parametrize("code", [400, 403, 404, 409, 500])
def test_an_error_page_is_accessible_and_fits(open_page: Open, code: int) -> None:
    assert problems(open_page(f"/fout/{code}/", width=390, status=code)) == []


@pytest.mark.parametrize(
    "path", ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/onbekend/", "inactive/"]
)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_before_the_log_in_is_accessible_and_fits(open_page: Open, path: str, width: int, scheme: str) -> None:
    assert problems(open_page(f"/account/{path}", width=width, color_scheme=scheme)) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_account_pages_are_accessible_and_fit(open_page: Open, planner: User, width: int, scheme: str) -> None:
    page = open_page("/account/login/", width=width, color_scheme=scheme)
    page.fill("[name=login]", EMAIL)
    page.fill("[name=password]", "verkeerd")
    page.click("main form.account-form button")
    page.wait_for_selector("[data-error-summary]")
    assert problems(page) == []
    log_in(page)
    for path in [
        "email/",
        "password/change/",
        "2fa/",
        "2fa/webauthn/",
        "sessions/",
        "logout/",
        "reauthenticate/",
        "2fa/totp/activate/",
    ]:
        page.goto(page.url.split("/account/")[0].rstrip("/") + f"/account/{path}")
        assert problems(page) == [], path
    page.fill("[name=password]", PASSWORD)
    page.click("main form.account-form button")
    page.wait_for_selector("img.qr")
    assert problems(page) == []


def test_a_passkey_can_be_added_and_used(open_page: Open, planner: User) -> None:
    page = open_page("/account/login/")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    log_in(page)
    home = page.url.rstrip("/")
    page.goto(f"{home}/account/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main form.account-form button")
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/**")
    assert problems(page) == []
    page.goto(f"{home}/account/2fa/webauthn/")
    assert page.locator("tbody tr").count() == 1
    assert problems(page) == []
    page.goto(f"{home}/account/logout/")
    page.click("main form.account-form button")
    page.goto(f"{home}/account/login/")
    page.click("#passkey_login")
    page.wait_for_url(f"{home}/")


def test_without_scripts_the_menus_open_and_the_page_is_light(open_page: Open) -> None:
    page = open_page("/", width=390, color_scheme="dark", java_script_enabled=False)
    page.click("summary[aria-label='Menu']")
    assert page.get_by_role("link", name="Kaartstanden").is_visible()
    page.click("summary[aria-label='Menu']")
    page.click(".switcher summary")
    assert page.locator(".switcher a").first.is_visible()
    assert page.locator("html").get_attribute("data-bs-theme") is None
    assert page.locator("[data-copy]").first.is_hidden()


def test_the_keyboard_reaches_the_content_first(open_page: Open) -> None:
    page = open_page("/fout/404/", status=404)
    page.keyboard.press("Tab")
    assert page.locator(".skip-link").evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_menu_closes_on_escape_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page("/")
    page.click(".switcher summary")
    page.keyboard.press("Escape")
    assert page.locator(".switcher[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(open_page: Open) -> None:
    page = open_page("/")
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    page.click("[data-error-summary] a[href='#id_fields_rejected']")
    assert page.evaluate("document.activeElement.name") == "fields_rejected"


def test_a_form_goes_out_once(open_page: Open) -> None:
    page = open_page("/")
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    page.locator("section.confirm button[type=submit]").dblclick()
    page.wait_for_timeout(300)
    assert len(sent) == 1


def test_unsaved_changes_are_not_lost_without_a_question(open_page: Open) -> None:
    page = open_page("/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("[name=guarantee]", "7000")
    page.click("a.brand")
    page.wait_for_load_state()
    assert asked == ["beforeunload"]


def test_an_id_can_be_copied(open_page: Open) -> None:
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    page.locator("[data-copy='4711']").click()
    assert page.evaluate("navigator.clipboard.readText()") == "4711"
    # Not by a function in the page: waiting for one takes `eval`, which the pages forbid.
    expect(page.locator("#announcer")).not_to_be_empty()


def filter_with(page: Page, answer: Callable[[Route], None]) -> None:
    page.route("**/?*", answer)
    page.select_option("#filter_status", "approved")


def test_the_filter_works_while_choosing_and_the_address_follows(open_page: Open) -> None:
    page = open_page("/")
    page.select_option("#filter_status", "approved")
    page.wait_for_url("**/?*status=approved*")
    assert "order=-date" in page.url
    assert page.locator("#list table").count() == 1


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_of_a_fragment_is_shown_and_the_page_stays(open_page: Open, status: int) -> None:
    page = open_page("/")
    html = page.request.get(f"{page.url}fout/{status}/").text()
    page.fill("[name=remark]", "Dit mag niet weg")
    filter_with(page, lambda route: route.fulfill(status=status, body=html, content_type="text/html"))
    notice = page.locator("#notices [data-from-script]")
    notice.wait_for()
    assert len(notice.inner_text().strip()) > 20
    assert page.input_value("[name=remark]") == "Dit mag niet weg"
    assert page.locator("#list table").count() == 1


def test_a_refused_fragment_is_put_in_its_place(open_page: Open) -> None:
    page = open_page("/")
    filter_with(page, lambda route: route.fulfill(status=400, body='<div id="list">Kies een andere datum.</div>'))
    page.locator("#list", has_text="Kies een andere datum.").wait_for()


@pytest.mark.parametrize(
    "answer", [lambda route: route.abort(), lambda route: route.fulfill(status=502, body="Bad gateway")]
)
def test_no_answer_is_said_and_nothing_is_lost(open_page: Open, answer: Callable[[Route], None]) -> None:
    page = open_page("/")
    page.fill("[name=remark]", "Dit mag niet weg")
    filter_with(page, answer)
    page.locator("#notices [data-from-script]").wait_for()
    assert page.input_value("[name=remark]") == "Dit mag niet weg"
