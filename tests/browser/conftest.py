"""The whole portal as real processes, and Chromium in front of it.

One stack for the session: web server, worker, beat and sandbox, each a process, on free ports with files of their own.
With DATABASE_URL and CELERY_BROKER_URL in the environment it runs on a fresh PostgreSQL database and an empty Redis
number, otherwise on SQLite and the file-system broker. When a test fails, the processes' last lines are printed.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dipportal.demo import portal
from dipportal.demo.processes import Stack, free_port
from dipportal.sandbox.server import Admin
from tests.browser.visitor import Portal, Visitor
from tests.chromium import CHROMIUM

SCREENSHOTS = portal.ROOT / "var" / "screenshots"
STACK = pytest.StashKey[Stack]()
FAILED = pytest.StashKey[bool]()
# Bounds, not waits: a condition that holds sooner is seen sooner.
expect.set_options(timeout=15_000)


@contextlib.contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """A new database beside the one that DATABASE_URL names; dropped afterwards."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield {}
        return
    base, _slash, _name = url.rpartition("/")
    name = f"dipportal_browser_{os.getpid()}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {"DATABASE_URL": f"{base}/{name}"}
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def own_redis() -> Iterator[dict[str, str]]:
    """Two empty numbers of the server that CELERY_BROKER_URL names; emptied afterwards."""
    url = os.environ.get("CELERY_BROKER_URL", "")
    if not url.startswith("redis"):
        yield {}
        return
    base, _slash, given = url.rpartition("/")
    with contextlib.ExitStack() as numbers:
        empty = []
        for number in range(1, 16):
            server = numbers.enter_context(redis.Redis.from_url(f"{base}/{number}"))
            if str(number) != given and f"{base}/{number}" != os.environ.get("CACHE_URL") and server.dbsize() == 0:
                empty.append((number, server))
            if len(empty) == 2:
                break
        try:
            yield {"CELERY_BROKER_URL": f"{base}/{empty[0][0]}", "CACHE_URL": f"{base}/{empty[1][0]}"}
        finally:
            for _number, server in empty:
                server.flushdb()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Portal]:
    var = tmp_path_factory.mktemp("portal")
    # Two runs beside each other look in different places: a port found free is not taken before the server starts.
    beside = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    web = free_port(18_000 + 20 * beside)
    addresses = portal.Addresses(web, free_port(web + 1))
    with own_database() as database, own_redis() as broker:
        environment = portal.environment(
            var, addresses, PULL_SECONDS="5", SWEEP_SECONDS="1", DIP_SETTLE_SECONDS="3", **database, **broker
        )
        with Stack(portal.ROOT, environment, var / "logs") as stack:
            stack.run("migrate", portal.manage("migrate", "--no-input", "--verbosity", "0"))
            portal.start_sandbox(stack, addresses, var / "sandbox.sqlite3")
            stack.run("seed", portal.manage("seed_demo"))
            portal.start_worker(stack)
            portal.start_beat(stack, var)
            portal.start_web(stack, addresses)
            request.config.stash[STACK] = stack
            yield Portal(addresses.web, addresses.sandbox, Admin(addresses.sandbox))
            del request.config.stash[STACK]


# Not for the session: while it is open, an event loop runs in this thread, which the tests of other files cannot have.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
                "--disable-background-networking", "--disable-component-update",
            ],
        )  # fmt: skip
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def cookies() -> dict[str, Any]:
    """What the browser of each person keeps once logged in: so many log-ins a minute are as many as a portal allows."""
    return {}


@pytest.fixture
def visitors(browser: Browser, site: Portal, cookies: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[Any]:
    """`visitors()` opens a browser of one's own: cookies are not shared, as between two people.

    `visitors(who=…)` opens one in which that person has logged in.
    """
    opened: list[BrowserContext] = []

    def open_one(width: int = 1280, height: int = 900, who: str = "") -> Visitor:
        context = browser.new_context(
            base_url=site.web, locale="nl-NL", timezone_id="Europe/Amsterdam",
            viewport={"width": width, "height": height}, storage_state=cookies.get(who),
        )  # fmt: skip
        context.set_default_timeout(15_000)
        opened.append(context)
        visitor = Visitor(context.new_page(), site)
        if who and who not in cookies:
            visitor.log_in(who)
            cookies[who] = context.storage_state()
        return visitor

    yield open_one
    failed = request.node.stash.get(FAILED, False)
    for number, context in enumerate(opened):
        for page in context.pages if failed else []:
            keep_picture(page, f"failed-{request.node.name}-{number}")
        context.close()


def keep_picture(page: Page, name: str) -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / f"{re.sub(r'[^a-zA-Z0-9_-]+', '-', name)}.png"
    page.screenshot(path=file, full_page=True)
    return file


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    stack = item.config.stash.get(STACK, None)
    if report.failed and stack is not None and "site" in getattr(item, "fixturenames", ()):
        item.stash[FAILED] = True
        for child in stack.children:
            report.sections.append((f"last lines of {child.name}", child.last_lines(60)))
    return report
