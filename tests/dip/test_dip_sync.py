"""The command for a pull by hand: what it says, what it leaves alone, and how it ends."""

import io
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dipportal.catalogue.models import Theater
from dipportal.contracts.models import Contract
from dipportal.dip.management.commands import dip_sync
from dipportal.dip.models import Connection, RemoteRecord, RunStep, SyncRun
from dipportal.dip.pull_run import LEASE, Progress
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation
from dipportal.sandbox import server
from tests.dip.pulling import FakeDip, Statements
from tests.world import World


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("dip_sync", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_pulls_and_says_so(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10)
    told = command("--kind", "contracts", "--organisation", world.agency.slug)
    assert "good" in told
    assert "new 1" in told
    assert Contract.objects.count() == 1


def test_a_dry_run_writes_nothing_and_says_what_would_change(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    Contract.objects.filter(pk=contract.pk).update(dip_id=10)
    fake.contract(10, status="approved")
    fake.contract(11)
    lines = Entry.objects.count()
    with Statements() as seen:
        told = command("--kind", "contracts", "--dry-run")
    assert "dry run" in told
    assert "new 1" in told
    assert seen.writes  # it went all the way, and was undone
    assert Contract.objects.count() == 1
    assert not RemoteRecord.objects.exists()
    assert not SyncRun.objects.exists()
    assert Entry.objects.count() == lines
    noord.refresh_from_db()
    assert noord.contracts_watermark == ""


def test_the_command_ends_with_an_error_when_something_broke(
    world: World, noord: Connection, fake: FakeDip, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.contracts = ["geen bericht"]  # type: ignore[list-item]
    with pytest.raises(CommandError):
        call_command("dip_sync", "--kind", "contracts")
    assert "geen bericht" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_the_command_knows_no_unknown_organisation() -> None:
    with pytest.raises(CommandError):
        command("--organisation", "niemand")


def test_full_asks_for_all_agreements(world: World, noord: Connection, fake: FakeDip) -> None:
    Connection.objects.update(contracts_watermark="2026-01-01T00:00:00")
    command("--kind", "contracts", "--full")
    command("--kind", "contracts")
    (_path, everything), (_other, changed) = fake.asked
    assert everything is None
    assert changed is not None
    assert list(SyncRun.objects.order_by("pk").values_list("kind", flat=True)) == ["contracts-full", "contracts"]


def test_one_organisation_or_all_of_them(world: World, noord: Connection, fake: FakeDip) -> None:
    Connection.objects.create(organisation=world.rival, client_id="zuid", secret_encrypted="")
    command("--kind", "contracts", "--organisation", world.rival.slug)
    assert set(SyncRun.objects.values_list("organisation__slug", flat=True)) == {world.rival.slug}
    told = command("--kind", "contracts")
    assert set(SyncRun.objects.values_list("organisation__slug", flat=True)) == {world.rival.slug, world.agency.slug}
    for organisation in (world.agency, world.rival):
        assert f"{organisation}: 1 good" in told.splitlines(), "each connection has its summary"


def test_one_that_breaks_leaves_the_others_to_be_done(
    world: World, noord: Connection, fake: FakeDip, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.create(organisation=world.rival, client_id="zuid", secret_encrypted="")
    fake.contract(10)

    def broken(path: str) -> None:
        fake.on_read = lambda path: None
        raise ZeroDivisionError("met een naam erin")

    fake.on_read = broken
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("dip_sync", "--kind", "contracts", stdout=out)
    told = out.getvalue()
    assert "broke off (ZeroDivisionError" in told
    assert "met een naam erin" not in told
    assert f"{world.rival}: 1 good" in told
    assert SyncRun.objects.get(organisation=world.rival).counts["new"] == 1


def test_one_that_is_going_on_elsewhere_is_said_and_ends_with_an_error(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    alive = timezone.now() + LEASE
    SyncRun.objects.create(connection=noord, kind="contracts", lease_key=f"{noord.pk}:contracts", alive_until=alive)
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("dip_sync", "--kind", "contracts", stdout=out)
    assert "another run is going on" in out.getvalue()
    assert fake.asked == []


# --- progress --------------------------------------------------------------------------------------------------------
class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def slow(fake: FakeDip, world: World, monkeypatch: pytest.MonkeyPatch) -> FakeDip:
    """A catalogue of twelve productions, each of which takes a second to read."""
    at = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])

    def passes(path: str) -> None:
        at[0] += 1

    production: dict[str, Any] = {
        "title": "Titel", "startDate": "2026-08-01T00:00:00", "season": "2026-2027", "genre": None,
        "producer": {"id": world.producer.pk, "name": "Producent", "type": "producer"},
        "co_producers": [], "accompanied_by_producers": [], "cast_members": [],
    }  # fmt: skip
    name = f"NL-27-{world.producer.pk}"
    fake.productions[world.producer.pk] = [{"id": f"{name}-{n}", **production} for n in range(1, 13)]
    fake.on_read = passes
    return fake


def test_a_terminal_shows_a_bar_and_keeps_nothing_of_it(noord: Connection, slow: FakeDip) -> None:
    out = Terminal()
    call_command("dip_sync", "--kind", "catalogue", "--dry-run", stdout=out)
    drawn = out.getvalue()
    assert "[" + "#" * 15 + "." * 15 + "]" in drawn
    assert "6 of 12 productions" in drawn
    last_lines = [line.rsplit("\r", 1)[-1] for line in drawn.split("\n")]
    assert not [line for line in last_lines if "[#" in line], "what stays in the terminal is what came of it"


def test_elsewhere_there_is_a_plain_line_now_and_then(noord: Connection, slow: FakeDip) -> None:
    told = command("--kind", "catalogue", "--dry-run")
    assert "\r" not in told
    lines = [line for line in told.splitlines() if "of 12 productions" in line]
    assert len(lines) == 1, "twelve seconds: one line"


@pytest.mark.parametrize(("done", "of", "bar"), [
    (0, 8, "[" + "." * 30 + "]"),
    (8, 8, "[" + "#" * 30 + "]"),
    (9, 8, "[" + "#" * 30 + "]"),
    (3, None, "[" + "?" * 30 + "]"),
    (0, 0, "[" + "?" * 30 + "]"),
])  # fmt: skip
def test_the_bar_at_its_ends(done: int, of: int | None, bar: str) -> None:
    at = Progress(RunStep.AGREEMENTS, done, of, timezone.now())
    assert dip_sync.drawn(at) == bar
    assert str(done) in dip_sync.told(at)


# --- over real HTTP --------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_dry_run_against_a_real_sandbox(remote: server.Admin, agency: Connection) -> None:
    before = Theater.objects.count(), Organisation.objects.count()
    told = command("--dry-run")
    assert told.count("dry run, good") == 4
    assert (Theater.objects.count(), Organisation.objects.count()) == before
    assert not remote.writes()
