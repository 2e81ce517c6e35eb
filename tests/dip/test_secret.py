"""A secret is planted through the real pages, and looked for in all that the portal keeps, shows and writes."""

import base64
import io
import json
import logging
import logging.config
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.contrib import admin
from django.core import mail
from django.db import connection as database
from django.test import Client as Browser
from django.urls import reverse

from dipportal.celery import app as celery
from dipportal.dip import crypto, gate, masking, pull, wire
from dipportal.dip.models import Connection, Kind, Operation, RunKind, SyncRun
from dipportal.dip.push import work
from dipportal.dip.values import Unreadable
from dipportal.outbox.drain import drain
from dipportal.outbox.models import WORKABLE, State
from tests.access.crawl import crawl
from tests.dip import parrot as parrots
from tests.dip.counted import enter, totals
from tests.dip.parrot import MOODS, SECRET, TOKEN, Parrot, spots, unpacked
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
READERS = {
    "agency_manager": "/aanbieder/impresariaat-noord/",
    "kade_manager": "/afnemer/de-kade/",
}


@pytest.fixture
def parrot(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parrot]:
    # Nobody waits for a turn that is not there because DIP asked for fewer calls.
    monkeypatch.setattr(gate, "time", SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic))
    with parrots.running() as found:
        settings.DIP_URL = found.url
        settings.DIP_SETTLE_SECONDS = 0
        # Whoever is told of errors by mail is told what Django tells.
        settings.ADMINS = [("Beheer", "beheer@portal.example")]
        settings.DEBUG = False
        yield found


@pytest.fixture
def logged(settings: Any) -> Iterator[io.StringIO]:
    """Everything that anything logs, from DEBUG on, as the portal writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    formatter = logging.config.DictConfigurator({"version": 1}).configure_formatter(
        dict(django_settings.LOGGING["formatters"]["portal"])
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    level, names = root.level, ["django", "django.request", "django.db.backends", "urllib3", "celery", "dipportal"]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    # On DEBUG it tells the traceback of each variable that a template looked for in vain: hundreds a page.
    levels["django.template"] = logging.getLogger("django.template").level
    logging.getLogger("django.template").setLevel(logging.INFO)
    database.force_debug_cursor = True
    yield written
    database.force_debug_cursor = False
    root.removeHandler(handler)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as broker: what goes to Celery stays there, to be looked at."""
    folder = tmp_path / "broker"
    folder.mkdir()
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder)}
    with celery.connection(
        "filesystem://", transport="dipportal.core.folder_broker:Transport", transport_options=options
    ) as line:
        from dipportal.dip import tasks

        monkeypatch.setattr(
            tasks.drain_operations, "delay", lambda: tasks.drain_operations.apply_async(connection=line)
        )
        yield folder


class Evidence:
    """name of the place → what stands there."""

    def __init__(self, log: io.StringIO, broker: Path) -> None:
        self.log, self.broker = log, broker
        self.places: dict[str, bytes] = {}

    def reply(self, name: str, answer: Any) -> Any:
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        cookies = b"\n".join(unpacked(one.value.encode()) for one in answer.cookies.values())
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.places[f"{name} ({len(self.places)})"] = head.encode() + b"\n" + cookies + b"\n" + body
        return answer

    def collect(self) -> dict[str, bytes]:
        """All places: the replies so far, every column of every table, logs, mails, and the files of the broker."""
        return {
            **self.places,
            **dump(),
            "the log": self.log.getvalue().encode(),
            **{f"mail: {one.subject}": one.message().as_bytes() for one in mail.outbox},
            **{f"broker: {file.name}": file.read_bytes() for file in self.broker.iterdir()},
        }


def dump() -> dict[str, bytes]:
    """table.column → all values, what is signed and packed also unpacked."""
    found = {}
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for name, values in zip(names, zip(*cursor.fetchall(), strict=True), strict=False):
                told = [value if isinstance(value, bytes) else str(value).encode() for value in values]
                found[f"{table}.{name}"] = b"\n".join(unpacked(one) for one in told)
    return found


def signed_in(world: World, person: str) -> Browser:
    browser = Browser(raise_request_exception=False)
    browser.force_login(world.people[person], backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def plant(world: World, seen: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manager's page and the administrator's: a mistake first, an error of the portal's own, then it is kept."""
    page = reverse("providers:dip_connection", args=[world.agency.slug])
    manager, staff = signed_in(world, "agency_manager"), signed_in(world, "staff")
    seen.reply("a mistake", manager.post(page, {"client_id": "", "secret": SECRET}))
    seen.reply("too long", manager.post(page, {"client_id": "x" * 300, "secret": SECRET}))
    seen.reply("not allowed", signed_in(world, "agency_viewer").post(page, {"client_id": "x", "secret": SECRET}))
    seen.reply("nobody", Browser().post(page, {"client_id": "x", "secret": SECRET}))
    seen.reply("without a token", Browser(enforce_csrf_checks=True).post(page, {"client_id": "x", "secret": SECRET}))
    add = reverse("admin:dip_connection_add")
    values = {"organisation": world.rival.pk, "client_id": "van-beheer", "secret": SECRET}
    with monkeypatch.context() as broken:
        broken.setattr(crypto, "_keys", lambda: 1 / 0)
        for browser, where, form in ((manager, page, {"client_id": "noord", "secret": SECRET}), (staff, add, values)):
            assert seen.reply("an error of the portal", browser.post(where, form)).status_code == 500
    seen.reply("a mistake of the administrator", staff.post(add, {**values, "organisation": ""}))
    assert seen.reply("kept", manager.post(page, {"client_id": "noord", "secret": SECRET})).status_code == 302
    assert seen.reply("kept by the administrator", staff.post(add, values)).status_code == 302
    theater = {**values, "organisation": world.kade.pk, "client_id": "kassa"}
    seen.reply("a mistake about a theater", staff.post(add, {**theater, "client_id": ""}))
    assert seen.reply("kept for a theater", staff.post(add, theater)).status_code == 302
    assert [crypto.decrypt(row.secret_encrypted) for row in Connection.objects.all()] == [SECRET] * 3


def everything_due() -> None:
    Connection.objects.update(open_until=None, next_call_at=None, token_encrypted="")
    Operation.objects.filter(state=State.ATTENTION).update(state=State.WAITING)
    Operation.objects.exclude(sent_at=None).update(sent_at="2026-01-01T00:00:00Z")
    Operation.objects.filter(state__in=WORKABLE).update(due_at="2026-01-01T00:00:00Z")


def work_and_pull(world: World, seen: Evidence, parrot: Parrot) -> None:
    """In every mood: the tests of the page and of the admin, a drain, with a report in it, a pull of each kind."""
    page = reverse("providers:dip_test", args=[world.agency.slug])
    manager = signed_in(world, "agency_manager")
    connection = Connection.objects.get(organisation=world.agency)
    world.contract(performances=[world.performances[1]], status="proposed")
    theater = Connection.objects.get(organisation=world.kade)
    admin_page, staff = reverse("admin:dip_connection_changelist"), signed_in(world, "staff")
    for turn, mood in enumerate(MOODS):
        parrot.mood = mood
        enter(world.performances[0], totals(40 + turn), world.actors["kade_editor"])
        everything_due()
        seen.reply(f"test, {mood}", manager.post(page, follow=True))
        everything_due()
        asked = {"action": "test", "_selected_action": [theater.pk]}
        seen.reply(f"test of the theater, {mood}", staff.post(admin_page, asked, follow=True))
        everything_due()
        drain(Operation, work, limit=4)
        for kind in (RunKind.REFERENCE, RunKind.CONTRACTS):
            Connection.objects.update(open_until=None, next_call_at=None, token_encrypted="")
            pull.run(connection, kind)


def break_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors that nobody foresaw, with the secret and the token in the frames that their tracebacks show."""
    connection = Connection.objects.get(organisation=world.agency)

    def unforeseen(self: requests.Session, method: str, url: str, **kwargs: Any) -> Any:
        confided = {"secret": SECRET, "token": TOKEN, **kwargs}
        raise RuntimeError(f"a fault while {len(confided)} things were told")

    world.contract(performances=[world.performances[2]], status="proposed")
    for token_encrypted in ("", crypto.encrypt(TOKEN)):
        everything_due()
        Connection.objects.update(token_encrypted=token_encrypted, token_expires_at=None)
        with monkeypatch.context() as broken:
            broken.setattr(requests.Session, "request", unforeseen)
            drain(Operation, work, limit=3)
            with pytest.raises(RuntimeError):
                pull.run(connection, RunKind.CONTRACTS)


def look_around(world: World, seen: Evidence) -> None:
    """Every page that each of these people can reach, the admin's, and the pages of errors."""
    for person, start in READERS.items():
        pages = crawl(signed_in(world, person), start, words=["geheim"])
        assert len(pages) > 15
        seen.places.update({f"{person}: {url}": page.encode() for url, page in pages.items()})
    staff = signed_in(world, "staff")
    for model in admin.site._registry:
        names = [f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}" for page in ("changelist", "change")]
        seen.reply(f"admin: {names[0]}", staff.get(reverse(names[0])))
        if model._meta.app_label == "dip":
            for row in model._default_manager.order_by("-pk")[:3]:
                for name in (names[1], names[1].replace("_change", "_history")):
                    seen.reply(f"admin: {name}", staff.get(reverse(name, args=[row.pk])))
    for address in ("/bestaat-niet", "/health/ready", "/health/live", "/beheer/dip/connection/?q=%00"):
        seen.reply(address, staff.get(address))
    seen.reply("bad host", staff.get("/", headers={"host": "elders.example"}))


@pytest.fixture
def evidence(
    world: World, parrot: Parrot, logged: io.StringIO, broker: Path, monkeypatch: pytest.MonkeyPatch
) -> Evidence:
    seen = Evidence(logged, broker)
    plant(world, seen, monkeypatch)
    database.force_debug_cursor = False
    work_and_pull(world, seen, parrot)
    break_off(world, monkeypatch)
    look_around(world, seen)
    return seen


def test_the_secret_is_found_nowhere(world: World, parrot: Parrot, evidence: Evidence) -> None:
    assert {call.split()[0] for call in parrot.heard} == {"GET", "POST", "PUT"}
    assert "PUT /tickets/cumulative" in parrot.heard
    assert f"GET /theaters/{world.theater.pk}" in parrot.heard
    assert SyncRun.objects.exclude(errors=[]).count() > len(MOODS), "the pulls failed in words"
    assert Operation.objects.exclude(error_text="").exists()
    assert Operation.objects.filter(kind=Kind.TICKETS_REPORT).exclude(error_text="").exists()
    places = evidence.collect()
    for kind in ("dip_connection.trouble", "dip_syncrun.errors", "dip_operation.error_text", "dip_remoterecord.raw"):
        assert masking.MASK in places[kind], f"what was repeated reached {kind}"
    log = places["the log"]
    assert b"in unforeseen" in log, "tracebacks are there"
    assert b"DIP call" in log
    assert b"INSERT INTO" in log, "and so are statements"
    assert any(name.startswith("mail: ") and b"ZeroDivisionError" in places[name] for name in places)
    assert any(name.startswith("broker: ") for name in places)
    for marker in (SECRET, TOKEN):
        assert spots(marker, places) == []
    planted(evidence, places)


def planted(seen: Evidence, clean: dict[str, bytes]) -> None:
    """The other half: put into each sort of place, in each spelling, it is found there and only there."""
    row = Connection.objects.first()
    assert row is not None
    for index, spelling in enumerate(sorted(parrots.spellings(SECRET))):
        text = f"x{spelling.decode()}y"
        Connection.objects.filter(pk=row.pk).update(test_text=text)
        logging.getLogger("elsewhere").debug("told %s", text)
        (seen.broker / f"told{index}").write_text(text)
        found = spots(SECRET, {**dump(), f"broker: told{index}": (seen.broker / f"told{index}").read_bytes()})
        assert found == [f"broker: told{index}", "dip_connection.test_text"], spelling
    assert "the log" in spots(SECRET, {"the log": seen.log.getvalue().encode()})
    session = Browser().session
    session["told"] = SECRET
    session.save()
    Connection.objects.filter(pk=row.pk).update(test_text="")
    assert spots(SECRET, dump()) == ["django_session.session_data"]
    assert spots(SECRET, clean) == []


# --- what takes it out ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("token", ["met spatie", "regel\neinde", "euro€", "", "nul\0"])
def test_a_token_that_fits_in_no_header_is_none(token: str) -> None:
    """The error about such a header tells the whole of it."""
    with pytest.raises(Unreadable) as told:
        wire.token_in({"access_token": token})
    assert token not in str(told.value) or not token


def test_an_answer_without_secrets_is_left_as_it_is() -> None:
    body = json.dumps([{"name": "Sandbox-impresariaat", "id": 1}]).encode()
    assert masking.masked(body, [SECRET, TOKEN, "kort", ""]) is body


def test_a_long_list_is_searched_too() -> None:
    body = b'["' + b"x" * masking.LONG + TOKEN.encode() + b'"]'
    assert spots(TOKEN, {"": masking.masked(body, [TOKEN])}) == []


@pytest.mark.parametrize("secret", [SECRET, TOKEN, "ë-geheim-✓", "12345678"])
@pytest.mark.parametrize("before", ["", "a", "ab", "client_secret="])
def test_every_spelling_is_taken_out(secret: str, before: str) -> None:
    """Also from within a longer text in base64, of which it then is a part that depends on what stands before it."""
    plain = secret.encode()
    coded = [spell(f"{before}{secret}|".encode()) for spell in (base64.b64encode, base64.urlsafe_b64encode)]
    for told in {*coded, *(parrots.spellings(secret) - parrots.in_base64(plain))}:
        left = masking.masked(b'{"a": "' + told + b'", "b": 1}', [secret])
        assert spots(secret, {"": left}) == [], told
        assert left.endswith(b'"b": 1}')
    assert all(spots(secret, {"": told}) for told in coded), "the search finds them"
