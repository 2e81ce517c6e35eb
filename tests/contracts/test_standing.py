"""Standing agreements: which one counts on which day, who may put one on file, and what becomes of its PDF."""

import datetime as dt
import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from dipportal.contracts import rules, standing
from dipportal.contracts.models import Contract
from dipportal.contracts.models_standing import StandingAgreement
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations.actors import Actor
from tests.access.paper import PDF, pdf_file, standing_agreement
from tests.world import World

DAY = dt.timedelta(days=1)


def first_day(contract: Contract) -> dt.date:
    assert contract.first_at is not None
    return timezone.localdate(contract.first_at)


def values(**changes: Any) -> dict[str, Any]:
    return {"title": "Mantel", "valid_from": dt.date(2026, 1, 1), "valid_until": None, **changes}


def files() -> list[Path]:
    return [path for path in Path(settings.PRIVATE_DIR).rglob("*") if path.is_file()]


# --- which one counts --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begins", "ends", "counts"),
    [(0, None, True), (0, 0, True), (-5, 0, True), (1, None, False), (-5, -1, False), (-5, 5, True)],
)
def test_it_counts_from_its_first_day_until_and_including_its_last(
    world: World, begins: int, ends: int | None, counts: bool
) -> None:
    made = world.contract(terms={"standing_agreement": True})
    day = first_day(made)
    last = None if ends is None else day + ends * DAY
    one = standing_agreement(world, valid_from=day + begins * DAY, valid_until=last)
    assert standing.on_file(made) == (one if counts else None)
    told = standing.notice(made)
    assert told is not None
    assert told.found == (one if counts else None)
    assert (one.title in told.text) is counts


def test_the_day_is_amsterdam_s(world: World) -> None:
    """Half an hour after midnight here it is still yesterday in UTC."""
    made = world.contract(terms={"standing_agreement": True})
    made.first_at = dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC)
    one = standing_agreement(world, valid_from=dt.date(2026, 7, 1))
    assert standing.on_file(made) == one


def test_only_that_of_the_same_two_sides_counts(world: World) -> None:
    made = world.contract(terms={"standing_agreement": True})
    standing_agreement(world, "rival", "kade")
    standing_agreement(world, "agency", "haven")
    assert standing.on_file(made) is None
    assert rules.fault_in_standing(made, None)
    assert standing.on_file(world.contract(terms={"standing_agreement": False})) is None
    world.theater.receiver = None
    assert standing.on_file(made) is None


def test_where_the_terms_do_not_say_so_nothing_is_said(world: World) -> None:
    standing_agreement(world)
    for value in (False, None):
        made = world.contract(terms={"standing_agreement": value})
        assert standing.notice(made) is None
        assert rules.fault_in_standing(made, None) is None


def test_the_warning_is_worded_in_the_language_of_whoever_reads_it(world: World) -> None:
    fault = rules.fault_in_standing(world.contract(terms={"standing_agreement": True}), None)
    with translation.override("en"):
        assert str(fault).startswith("The terms say that the standing agreement applies, but none is on file")


# --- who may -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["agency_editor", "agency_viewer", "kade_manager", "rival_manager"])
def test_only_managers_of_the_provider_make_change_and_end_one(world: World, who: str) -> None:
    actor: Actor = world.actors[who]
    with pytest.raises(NotAllowed):
        standing.create(provider=world.agency, receiver=world.kade, values=values(), file=pdf_file(), actor=actor)
    assert (StandingAgreement.objects.count(), files()) == (0, [])
    one = standing_agreement(world, file=False)
    with pytest.raises(NotAllowed):
        standing.update(one, values=values(), file=pdf_file(), seen_version=1, actor=actor)
    with pytest.raises(NotAllowed):
        standing.end(one, last_day=timezone.localdate(), seen_version=1, actor=actor)
    one.refresh_from_db()
    assert (one.version, one.ended_at, files()) == (1, None, [])


def test_both_sides_see_it_and_nobody_else(world: World) -> None:
    one = standing_agreement(world)
    seen = {
        name: list(standing.standing_of(getattr(world, name))) == [one] for name in ("agency", "kade", "rival", "haven")
    }
    assert seen == {"agency": True, "kade": True, "rival": False, "haven": False}
    assert list(standing.standing_of(None)) == []


def test_one_with_a_provider_as_the_other_side_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        standing.create(
            provider=world.agency, receiver=world.rival, values=values(), actor=world.actors["agency_manager"]
        )


# --- days --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("begins", "ends", "fits"),
    [
        ("2026-03-01", "2026-05-31", False),
        ("2025-01-01", "2026-02-28", True),
        ("2025-01-01", "2026-03-01", False),
        ("2025-01-01", None, False),
        ("2026-05-31", None, False),
        ("2026-06-01", None, True),
    ],
)
def test_of_a_pair_one_counts_on_a_day(world: World, begins: str, ends: str | None, fits: bool) -> None:
    standing_agreement(world, valid_from=dt.date(2026, 3, 1), valid_until=dt.date(2026, 5, 31))
    last = dt.date.fromisoformat(ends) if ends else None
    wanted = {"valid_from": dt.date.fromisoformat(begins), "valid_until": last}
    if fits:
        standing_agreement(world, **wanted)
    else:
        with pytest.raises(Invalid) as refused:
            standing_agreement(world, **wanted)
        assert set(refused.value.fields) == {"valid_from"}
    assert StandingAgreement.objects.count() == 1 + fits
    assert len(files()) == 1 + fits
    # Of another pair these days say nothing.
    standing_agreement(world, "agency", "haven", **wanted)


def test_a_change_of_its_own_days_does_not_stand_in_its_own_way(world: World) -> None:
    one = standing_agreement(world)
    now = standing.update(
        one, values=values(valid_until=dt.date(2027, 1, 1)), seen_version=1, actor=world.actors["agency_manager"]
    )
    assert (now.title, now.valid_until, now.version) == ("Mantel", dt.date(2027, 1, 1), 2)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"title": "  "}, "title"), ({"valid_until": dt.date(2025, 12, 31)}, "valid_until")],
)
def test_what_makes_no_sense_is_refused_at_its_field(world: World, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        standing_agreement(world, **{"valid_from": dt.date(2026, 1, 1), **wrong})
    assert set(refused.value.fields) == {field}


# --- ending, changing, losing a race -----------------------------------------------------------------------------
def test_ending_keeps_it_with_its_last_day_and_a_repeat_changes_nothing(world: World) -> None:
    one, manager = standing_agreement(world), world.actors["agency_manager"]
    day = timezone.localdate()
    ended = standing.end(one, last_day=day, seen_version=1, actor=manager)
    assert (ended.valid_until, ended.version, ended.state) == (day, 2, "in_force")
    again = standing.end(one, last_day=day - DAY, seen_version=1, actor=manager)
    assert (again.valid_until, again.version) == (day, 2)
    assert Entry.objects.filter(code="standing.ended").count() == 1
    assert len(files()) == 1
    with pytest.raises(PortalError) as refused:
        standing.update(ended, values=values(), seen_version=2, actor=manager)
    assert refused.value.code == "ended"


def test_it_ends_neither_before_it_began_nor_later_than_it_would_have(world: World) -> None:
    one = standing_agreement(world, valid_until=dt.date(2027, 1, 1))
    for day in (one.valid_from - DAY, dt.date(2027, 1, 2)):
        with pytest.raises(Invalid):
            standing.end(one, last_day=day, seen_version=1, actor=world.actors["agency_manager"])
    one.refresh_from_db()
    assert (one.ended_at, one.version) == (None, 1)


def test_who_read_an_older_version_changes_and_ends_nothing(world: World) -> None:
    one, manager = standing_agreement(world), world.actors["agency_manager"]
    standing.update(one, values=values(title="Nieuwer"), seen_version=1, actor=manager)
    with pytest.raises(StaleState):
        standing.update(one, values=values(title="Ouder"), file=pdf_file(), seen_version=1, actor=manager)
    with pytest.raises(StaleState):
        standing.end(one, last_day=timezone.localdate(), seen_version=1, actor=manager)
    one.refresh_from_db()
    assert (one.title, one.ended_at, len(files())) == ("Nieuwer", None, 1)


def test_saving_what_stands_there_is_no_change(world: World) -> None:
    one = standing_agreement(world)
    same = {name: getattr(one, name) for name in ("title", "valid_from", "valid_until")}
    standing.update(one, values=same, seen_version=1, actor=world.actors["agency_manager"])
    one.refresh_from_db()
    assert (one.version, Entry.objects.filter(code="standing.updated").count()) == (1, 0)


def test_each_write_leaves_a_line_for_both_sides(world: World) -> None:
    one, manager = standing_agreement(world), world.actors["agency_manager"]
    standing.update(one, values=values(), seen_version=1, actor=manager)
    standing.end(one, last_day=timezone.localdate(), seen_version=2, actor=manager)
    lines = Entry.objects.filter(thread=one.thread).order_by("pk")
    assert [(line.code, line.audience) for line in lines] == [
        ("standing.created", "both"), ("standing.updated", "both"), ("standing.ended", "both"),
    ]  # fmt: skip


# --- the file ----------------------------------------------------------------------------------------------------
def test_the_file_is_private_and_carries_nothing_of_the_name_that_was_sent(world: World) -> None:
    manager = world.actors["agency_manager"]
    sent = pdf_file(name="../../etc/<b>x</b>.html")
    one = standing.create(provider=world.agency, receiver=world.kade, values=values(), file=sent, actor=manager)
    (kept,) = files()
    assert kept.parent == Path(settings.PRIVATE_DIR) / "standing"
    assert kept.name == Path(one.file.name).name
    assert kept.suffix == ".pdf"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert kept.read_bytes() == PDF
    with pytest.raises(ValueError, match="no address"):
        _ = one.file.url


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-", b"<html>%PDF-1.7 %%EOF</html>", b"PK\x03\x04" + PDF, b"%PDF-1.7 " + b"x" * 5000, b"\n" + PDF],
)
def test_what_is_no_pdf_is_refused_whatever_its_name_says(world: World, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        standing.create(
            provider=world.agency,
            receiver=world.kade,
            values=values(),
            file=pdf_file(content),
            actor=world.actors["agency_manager"],
        )
    assert set(refused.value.fields) == {"file"}
    assert (StandingAgreement.objects.count(), files()) == (0, [])


def test_a_file_that_is_too_large_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MOST_BYTES", len(PDF) - 1)
    with pytest.raises(Invalid):
        standing_agreement(world)
    monkeypatch.setattr(standing, "MOST_BYTES", len(PDF))
    standing_agreement(world)


@pytest.mark.django_db(transaction=True)
def test_another_file_takes_the_place_of_the_one_before_once_it_is_saved(transactional_db: None) -> None:
    from tests.world import build

    world = build()
    one, manager = standing_agreement(world), world.actors["agency_manager"]
    before, other = one.file.name, PDF + b"\n%%EOF\n"
    with transaction.atomic():
        standing.update(one, values=values(), file=pdf_file(other), seen_version=1, actor=manager)
        assert len(files()) == 2
        transaction.set_rollback(True)
    assert before in {path.relative_to(settings.PRIVATE_DIR).as_posix() for path in files()}
    one.refresh_from_db()
    standing.update(one, values=values(), file=pdf_file(other), seen_version=1, actor=manager)
    one.refresh_from_db()
    assert one.file.read() == other
    assert before not in {path.relative_to(settings.PRIVATE_DIR).as_posix() for path in files()}
