"""The sheet of counts: what is written into it, what is read out of it, and what it would change."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as few_examples
from hypothesis import strategies as some

from dipportal.catalogue.dip_id import DipId
from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.core import spreadsheets
from dipportal.core.errors import Invalid
from dipportal.core.spreadsheets import Row
from dipportal.ticketing import sheet, sheet_preview, sheet_reading
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketLink
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.sheet import ENTRY, FIELDS, Mark
from dipportal.ticketing.sheet_preview import Preview, State
from tests.world import AMSTERDAM

EVENING = dt.datetime(2026, 11, 12, 20, 15, tzinfo=AMSTERDAM)
SEEN = dt.datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=dt.UTC)
WHOLE = (100, 10, 5, 8, 3, 12, 4, 250_000)


def count(numbers: Sequence[int], source: Source = Source.HAND, **more: Any) -> TicketCount:
    """As the sheet shows them, in the order of ENTRY."""
    values = dict(zip(ENTRY, numbers, strict=True))
    values["other"] -= values["complimentary"]
    tickets = sum(values[name] for name in ("normal", "discount", "free", "other", "complimentary"))
    return TicketCount(
        pk=1, source=source, tickets=tickets, counted_at=more.pop("counted_at", SEEN), changed_at=SEEN, **values, **more
    )


def standing(key: int = 1, *counts: TicketCount, **more: Any) -> Standing:
    production = Production(title=more.pop("title", "De Storm"), dip_id="NL-25-123-0003776")
    performance = Performance(
        pk=key,
        number=1000 + key,
        production=production,
        theater=Theater(pk=19, name="De Kade"),
        hall=Hall(pk=57, name="Grote zaal"),
        starts_at=EVENING,
        capacity=[500],
    )
    return Standing(performance, counts={Source(one.source): one for one in counts}, **more)


def rows_of(standings: Sequence[Standing], kind: str = "xlsx") -> list[Row]:
    writer = sheet.xlsx if kind == "xlsx" else sheet.csv
    return next(spreadsheets.read(writer(standings, several_theaters=True), f"x.{kind}"))


def column(rows: Sequence[Row], name: str) -> int:
    return next(
        place for place, value in enumerate(rows[0].values) if sheet.headings().get(sheet.folded(str(value))) == name
    )


def filled(rows: Sequence[Row], number: int, **values: Any) -> list[Row]:
    """The rows with other values in the row of that number."""
    return [
        Row(
            row.number,
            [
                _value(rows, row, place, values) if row.number == number else value
                for place, value in enumerate(row.values)
            ],
        )
        for row in rows
    ]


def _value(rows: Sequence[Row], row: Row, place: int, values: Mapping[str, Any]) -> Any:
    named = {column(rows, name): value for name, value in values.items()}
    return named.get(place, row.values[place])


def numbers(*values: int) -> dict[str, Any]:
    """As people type them: the last one in euros."""
    return dict(zip(ENTRY, (*values[:-1], values[-1] / 100), strict=True))


def looked_at(rows: Sequence[Row], *standings: Standing) -> Preview:
    """What a sheet with these rows would change; there and back as a page carries it."""
    by_key = {one.performance.pk: one for one in standings}
    known = {DipId.parse(one.performance.dip_id): key for key, one in by_key.items()}
    entries = sheet_preview.entries(sheet_reading.read([rows]), known, by_key)
    assert sheet_preview.unpacked(sheet_preview.packed(entries)) == entries
    return sheet_preview.preview(entries, by_key)


def states(preview: Preview) -> list[State]:
    return [one.state for one in preview.rows]


def sentences(preview: Preview) -> list[str]:
    return [fault.sentence for one in preview.faulty for fault in one.faults]


# --- there and back -----------------------------------------------------------------------------------------------
kinds = some.integers(0, 100_000)
wholes = some.tuples(kinds, kinds, kinds, kinds, kinds, kinds, kinds, some.integers(0, 1_000_000_000)).map(
    lambda one: (*one[:3], max(one[3:5]), min(one[3:5]), *one[5:])
)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", ["nl", "en"])
@few_examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stood=some.lists(some.none() | wholes, max_size=6))
def test_what_stands_is_written_and_read_back(kind: str, language: str, stood: list[Any]) -> None:
    standings = [standing(key, *([count(one)] if one else [])) for key, one in enumerate(stood, start=1)]
    with translation.override(language):
        rows = rows_of(standings, kind)
    if not stood:
        with pytest.raises(Invalid):
            sheet_reading.read([rows])
        return
    with translation.override("nl" if language == "en" else "en"):
        read = sheet_reading.read([rows])
    assert [row.numbers for row in read] == [one or (None,) * 8 for one in stood]
    assert [row.mark for row in read] == [Mark(SEEN if one else None, one or (None,) * 8) for one in stood]
    assert [str(row.dip_id) for row in read] == [one.performance.dip_id for one in standings]
    assert [sheet_reading.differences(row, EVENING, "De Storm") for row in read] == [[]] * len(stood)
    assert not any(row.faults or row.closed for row in read)
    assert {State.SAME, State.LEFT} >= set(states(looked_at(rows, *standings)))


@given(
    when=some.none() | some.datetimes(timezones=some.just(dt.UTC)),
    what=some.lists(some.none() | kinds, min_size=8, max_size=8),
)
def test_a_mark_is_read_as_it_was_written(when: dt.datetime | None, what: list[int | None]) -> None:
    assert Mark.parse(str(Mark(when, tuple(what)))) == Mark(when, tuple(what))


def test_every_heading_means_one_column_in_both_languages() -> None:
    words: dict[str, set[str]] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for one in FIELDS:
                words.setdefault(sheet.folded(str(one.heading)), set()).add(one.name)
    assert {word: names for word, names in words.items() if len(names) > 1 or not word} == {}
    assert set(sheet.headings()) == set(words)


def test_other_is_written_with_its_complimentary_tickets() -> None:
    told = count(WHOLE)
    assert (told.other, told.complimentary) == (5, 3)
    assert sheet.as_filled(sheet.stands(standing(1, told))) == WHOLE


def test_totals_without_kinds_fill_in_nothing() -> None:
    total = TicketCount(source=Source.DIP, tickets=100, revenue_cents=1, counted_at=SEEN, reservations=3)
    assert set(sheet.stands(standing(1, total)).values()) == {None}


def test_what_was_told_later_than_it_was_entered_is_what_stands() -> None:
    later = count((200, 10, 5, 8, 3, 12, 4, 250_000), Source.DIP, counted_at=SEEN + dt.timedelta(days=1))
    assert sheet.as_filled(sheet.stands(standing(1, count(WHOLE), later, by_hand=True)))[0] == 200
    # DIP repeats what it got from here, perhaps without the kinds: then the own words stand.
    echo = TicketCount(
        pk=2, source=Source.DIP, tickets=123, revenue_cents=250_000, counted_at=SEEN + dt.timedelta(days=1)
    )
    assert sheet.as_filled(sheet.stands(standing(1, count(WHOLE), echo))) == WHOLE


@pytest.mark.parametrize("title", ["=1+1", "+Plus", "-Min", "@Home", "#N/A", "'s Avonds", "a" * 300])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_title_that_looks_like_a_formula_comes_back_as_it_was(title: str, kind: str) -> None:
    rows = rows_of([standing(1, title=title)], kind)
    assert rows[1].values[column(rows, "title")] == title
    assert states(looked_at(filled(rows, 2, **numbers(*WHOLE)), standing(1, title=title))) == [State.CHANGES]


def test_a_row_that_is_closed_says_why_and_is_not_read() -> None:
    linked = standing(1, link=TicketLink(system_number="A-17"))
    rows = rows_of([linked])
    assert "A-17" in str(rows[1].values[column(rows, "closed")])
    preview = looked_at(filled(rows, 2, normal="nonsense", revenue_cents=-5), linked)
    assert (states(preview), preview.can_save) == ([State.LEFT], False)


# --- headings -----------------------------------------------------------------------------------------------------
def test_columns_are_found_in_any_order_below_a_title_and_beside_others() -> None:
    rows = rows_of([standing(1)])
    turned = [Row(row.number + 2, ["x", *reversed(row.values)]) for row in filled(rows, 2, **numbers(*WHOLE))]
    preview = looked_at([Row(1, ["Kaartstanden van De Kade"]), *turned], standing(1))
    assert [(one.entry.number, one.state) for one in preview.rows] == [(4, State.CHANGES)]
    assert [one.entry.numbers for one in preview.rows] == [WHOLE]


@pytest.mark.parametrize("change", [str.upper, lambda text: f"  {text}: ", lambda text: text.replace("-", " ")])
def test_a_heading_is_recognised_in_other_capitals_and_dashes(change: Any) -> None:
    rows = rows_of([standing(1)])
    shouted = [Row(1, [change(str(value)) for value in rows[0].values]), *rows[1:]]
    assert len(sheet_reading.read([shouted])) == 1


@pytest.mark.parametrize("one", [one for one in FIELDS if one.needed], ids=lambda one: one.name)
def test_a_column_that_is_needed_is_missed_in_words(one: Any) -> None:
    rows = rows_of([standing(1)])
    place = column(rows, one.name)
    without = [Row(row.number, [value for here, value in enumerate(row.values) if here != place]) for row in rows]
    with pytest.raises(Invalid) as refused:
        sheet_reading.read([without])
    assert str(one.heading) in str(refused.value)


def test_columns_that_are_not_needed_may_be_missing() -> None:
    rows = rows_of([standing(1)])
    needed = {column(rows, one.name) for one in FIELDS if one.needed}
    given_rows = filled(rows, 2, **numbers(*WHOLE))
    only = [Row(row.number, [value for here, value in enumerate(row.values) if here in needed]) for row in given_rows]
    (one,) = looked_at(only, standing(1)).rows
    assert (one.state, one.report and one.report.complimentary, one.report and one.report.other) == (
        State.CHANGES,
        0,
        8,
    )


def test_what_cannot_be_read_as_a_whole_is_refused() -> None:
    rows = rows_of([standing(1)])
    double = [Row(row.number, [*row.values, row.values[column(rows, "normal")]]) for row in rows]
    many = [rows[0], *[Row(number, rows[1].values) for number in range(2, 1003)]]
    for wrong, code in (
        ([], "no_heading"),
        (rows[1:], "no_heading"),
        (rows[:1], "no_rows"),
        (double, "double_column"),
        (many, "too_many"),
    ):
        with pytest.raises(Invalid) as refused:
            sheet_reading.read([wrong])
        assert refused.value.code == code


def test_the_sheet_with_the_heading_is_read_wherever_it_stands() -> None:
    rows = rows_of([standing(1)])
    assert len(sheet_reading.read([[Row(1, ["Hallo"])], [], rows])) == 1


# --- rows ---------------------------------------------------------------------------------------------------------
def test_a_change_is_shown_with_both_values() -> None:
    there = standing(1, count(WHOLE))
    preview = looked_at(filled(rows_of([there]), 2, normal=120, revenue_cents="2.900,50"), there)
    (one,) = preview.changes
    assert [(change.old, change.new) for change in one.changes] == [
        ("100", "120"), ("€\u00a02.500,00", "€\u00a02.900,50")
    ]  # fmt: skip
    assert (one.report and one.report.other, one.report and one.report.complimentary) == (5, 3)
    assert preview.can_save


@pytest.mark.parametrize("stood", [None, WHOLE])
def test_what_was_not_touched_changes_nothing(stood: Any) -> None:
    there = standing(1, *([count(stood)] if stood else []))
    preview = looked_at(rows_of([there]), there)
    assert states(preview) == [State.SAME if stood else State.LEFT]


def test_what_was_not_touched_changes_nothing_also_when_something_else_stands_there_by_now() -> None:
    rows = rows_of([standing(1, count(WHOLE))])
    now = count((150, *WHOLE[1:]))
    now.changed_at = SEEN + dt.timedelta(minutes=1)
    assert states(looked_at(rows, standing(1, now))) == [State.SAME]


def test_what_a_colleague_changed_is_told_with_both_values() -> None:
    rows = filled(rows_of([standing(1, count(WHOLE))]), 2, normal=120)
    now = count((150, *WHOLE[1:]))
    now.changed_at = SEEN + dt.timedelta(minutes=1)
    preview = looked_at(rows, standing(1, now))
    (one,) = preview.faulty
    assert ([fault.column for fault in one.faults], preview.can_save) == ([""], False)
    assert [(change.old, change.new) for change in one.changes] == [("150", "120")]
    # Also where nothing stood when the sheet was made.
    preview = looked_at(filled(rows_of([standing(1)]), 2, **numbers(*WHOLE)), standing(1, now))
    assert states(preview) == [State.FAULTY]


def test_what_a_colleague_entered_just_so_is_no_fault() -> None:
    rows = filled(rows_of([standing(1)]), 2, **numbers(*WHOLE))
    assert states(looked_at(rows, standing(1, count(WHOLE)))) == [State.SAME]


def test_a_sheet_that_does_not_say_what_was_seen_is_held_against_what_stands_now() -> None:
    there = standing(1, count(WHOLE))
    preview = looked_at(filled(rows_of([there]), 2, normal=120, mark=None), there)
    assert ([one.entry.seen for one in preview.changes]) == [SEEN]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"normal": "veel"}, "veel"),
        ({"normal": 1.5}, "1.5"),
        ({"normal": True}, "True"),
        ({"normal": dt.datetime(2026, 1, 1)}, "01-01-2026"),
        ({"revenue_cents": "veel"}, "veel"),
        ({"revenue_cents": 10.005}, "10.005"),
        ({"discount": -1}, ""),
        ({"revenue_cents": "-1"}, ""),
        ({"complimentary": 9}, ""),
        ({"reservations": 100_001}, "100000"),
        ({"revenue_cents": 10_000_001}, ""),
        ({"normal": None}, "100"),
        ({"revenue_cents": " "}, "2.500,00"),
        ({"mark": "2026"}, ""),
        ({"mark": "2026-01-01T10:00:00 1/2/3/4/5/6/7/8"}, ""),
        ({"dip_id": None}, ""),
        ({"dip_id": "De Storm"}, "De Storm"),
        ({"dip_id": "NL-25-123-0003776"}, "NL-25-123-0003776"),
        ({"dip_id": "NL-25-123-0003776|1002"}, ""),
        ({"dip_id": "NL-25-999-0003776|1001"}, ""),
        ({"dip_id": f"NL-25-123-0003776|{2**63}"}, ""),
    ],
)
def test_a_row_with_a_fault(values: dict[str, Any], words: str) -> None:
    there = standing(1, count(WHOLE))
    preview = looked_at(filled(rows_of([there]), 2, **{"normal": 120, **values}), there)
    (one,) = preview.faulty
    (name,) = values
    assert [fault.column for fault in one.faults] == [str(sheet.BY_NAME[name].heading)]
    assert words in one.faults[0].sentence
    assert one.entry.number == 2
    assert not preview.can_save


def test_all_faults_of_a_row_are_told_at_once() -> None:
    there = standing(1)
    preview = looked_at(filled(rows_of([there]), 2, normal="a", discount=-1, revenue_cents="b", mark="c"), there)
    assert len(preview.faulty[0].faults) == 4


def test_an_empty_cell_counts_as_nothing_where_nothing_stood() -> None:
    preview = looked_at(filled(rows_of([standing(1)]), 2, normal=10, revenue_cents=200), standing(1))
    (one,) = preview.changes
    assert one.report is not None
    assert (one.report.normal, one.report.tickets, one.report.reservations) == (10, 10, 0)


def test_a_performance_that_stands_there_twice_has_a_fault_in_both_rows() -> None:
    there = standing(1)
    rows = filled(rows_of([there]), 2, **numbers(*WHOLE))
    preview = looked_at([*rows, Row(5, rows[1].values)], there)
    assert [(one.entry.number, one.state) for one in preview.rows] == [(2, State.FAULTY), (5, State.FAULTY)]
    assert "5" in sentences(preview)[0]
    assert "2" in sentences(preview)[1]


@pytest.mark.parametrize(
    "values",
    [
        {"day": dt.datetime(2026, 11, 13)},
        {"day": "volgende week"},
        {"clock": "20:00"},
        {"title": "De Regen"},
        {"day": "13-11-2026"},
    ],
)
def test_a_row_that_names_another_performance_is_asked_again(values: dict[str, Any]) -> None:
    there = standing(1)
    preview = looked_at(filled(rows_of([there]), 2, **numbers(*WHOLE), **values), there)
    (one,) = preview.doubtful
    assert len(one.doubts) == 1
    assert preview.chosen((), still=True) == []
    assert preview.left_out(()) == [one]
    assert preview.chosen({2}, still=False) == [one]


@pytest.mark.parametrize(
    "values", [{"day": "12/11/2026"}, {"day": None}, {"clock": "20.15"}, {"title": "DE  STORM"}, {"title": None}]
)
def test_a_row_that_says_the_same_in_other_letters_is_not_asked_again(values: dict[str, Any]) -> None:
    there = standing(1)
    assert states(looked_at(filled(rows_of([there]), 2, **numbers(*WHOLE), **values), there)) == [State.CHANGES]


def test_unlikely_totals_are_asked_again_and_only_what_was_shown_is_confirmed() -> None:
    there = standing(1, count(WHOLE))
    preview = looked_at(filled(rows_of([there]), 2, normal=50), there)
    (one,) = preview.doubtful
    (shown,) = preview.asked()
    assert shown.asked == ("fewer",)
    (confirmed,) = sheet_preview.entered([replace(one, entry=shown)], {2})
    (unconfirmed,) = sheet_preview.entered([replace(one, entry=shown)], set())
    assert (confirmed.sure, unconfirmed.sure) == (("fewer",), ())


def test_a_row_that_became_closed_after_the_download_is_a_fault() -> None:
    rows = filled(rows_of([standing(1)]), 2, **numbers(*WHOLE))
    closed = standing(1, link=TicketLink(system_number="A-17"))
    assert "A-17" in sentences(looked_at(rows, closed))[0]
    # If its numbers were not touched it is none.
    untouched = rows_of([standing(1, count(WHOLE))])
    closed = standing(1, count(WHOLE), link=TicketLink(system_number="A-17"))
    assert states(looked_at(untouched, closed)) == [State.SAME]


def test_more_doubts_than_a_form_can_ask_are_a_doubt_about_the_sheet() -> None:
    some_doubtful = [standing(key, count(WHOLE)) for key in range(1, sheet_preview.MOST_DOUBTFUL + 2)]
    rows = rows_of(some_doubtful)
    lower = [rows[0], *[filled([rows[0], row], row.number, normal=1)[1] for row in rows[1:]]]
    assert looked_at(lower[:-1], *some_doubtful).can_save
    preview = looked_at(lower, *some_doubtful)
    assert (preview.too_doubtful, preview.can_save) == (True, False)


@pytest.mark.parametrize(("days", "still"), [(0, False), (1, True)])
def test_that_nothing_was_sold_since_an_earlier_day_can_be_said(days: int, still: bool) -> None:
    there = standing(1, count(WHOLE, counted_at=timezone.now() - dt.timedelta(days=days)))
    preview = looked_at(rows_of([there]), there)
    assert ([one.still for one in preview.rows], preview.can_save) == ([still], still)
    assert len(preview.chosen((), still=True)) == int(still)
    assert preview.chosen((), still=False) == []


def test_that_nothing_was_sold_is_not_said_of_what_is_closed_or_has_changed() -> None:
    before = count(WHOLE, counted_at=timezone.now() - dt.timedelta(days=2))
    rows = rows_of([standing(1, before)])
    linked = standing(1, before, link=TicketLink(system_number="A-17"))
    other = standing(1, count((101, *WHOLE[1:]), counted_at=before.counted_at))
    for now in (linked, other):
        assert looked_at(rows, now).still == []
