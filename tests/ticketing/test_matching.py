"""Which performance a line of a theater's own list is about."""

import datetime as dt

import pytest
from django.utils import translation

from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.ticketing.matching import MOST_LINES, alike, read, suggest
from tests.world import AMSTERDAM

GREAT, SMALL = Hall(pk=1, name="Grote zaal"), Hall(pk=2, name="Kleine zaal")
HOUSE = Theater(pk=1, name="Schouwburg De Kade")


def play(number: int, title: str, day: str, time: str = "20:15", hall: Hall = GREAT) -> Performance:
    moment = dt.datetime.fromisoformat(f"{day} {time}").replace(tzinfo=AMSTERDAM)
    production = Production(pk=number, title=title, dip_id="NL-26-101-0000001")
    return Performance(pk=number, number=number, production=production, theater=HOUSE, hall=hall, starts_at=moment)


PLAYS = [
    play(1, "De Storm", "2026-12-12"),
    play(2, "Mevrouw Faust", "2026-12-12", hall=SMALL),
    play(3, "De Storm", "2026-12-13", "14:30"),
    play(4, "De Storm", "2026-12-13"),
    play(5, "Zwanenmeer", "2027-01-05"),
]


def found(text: str) -> list[int | None]:
    read_list = read(text)
    assert read_list.faults == {}
    return [row.performance.pk if row.performance else None for row in suggest(read_list.lines, PLAYS)]


@pytest.mark.parametrize(
    ("line", "pk"),
    [
        ("E1\t12-12-2026\t20:15\tGrote zaal\tDe Storm", 1),
        ("E1;2026-12-12 20:15;De Storm - Toneelgroep Noord", 1),
        ("E1;za 12 december 2026;20.15 uur;MEVROUW FAUST;Kleine zaal", 2),
        ("E1\tDe storm\t13/12/26\t14:30", 3),
        ("E1\t13-12-2026\t20:15\tDe Storm", 4),
        ("E1;NL-26-101-0000001|5", 5),
        ("E1;5-1-2027;zwanenmeer", 5),
        ("E1;5-1-2027;meer", None),  # a part of the title alone
        ("E1;5-1-2027;20:15;zwanenmeer", 5),
        ("E1;13-12-2026;De Storm", None),  # twice that day, and no time says which
        ("E1;12-12-2026;20:15;Iets heel anders", None),
        ("E1;6-1-2027;20:15;Zwanenmeer", None),  # another day
        ("E1;NL-26-101-0000001|99", None),
    ],
)
def test_a_line_finds_its_performance_or_none(line: str, pk: int | None) -> None:
    assert found(line) == [pk]


def test_no_performance_is_suggested_for_two_numbers() -> None:
    lines = "E1;12-12-2026;20:00;De Storm\nE2;12-12-2026;20:15;De Storm;Grote zaal"
    assert found(lines) == [None, 1]


def test_what_else_it_can_be_is_that_day_the_likeliest_first() -> None:
    (row,) = suggest(read("E1;13-12-2026;De Storm").lines, PLAYS)
    assert row.performance is None
    assert {one.pk for one in row.others} == {3, 4}
    (row,) = suggest(read("E1;12-12-2026;Faust").lines, PLAYS)
    assert [one.pk for one in row.others] == [2, 1]


def test_headings_and_empty_lines_are_left_out() -> None:
    got = read("Nummer\tDatum\tTitel\n\nE1\t12-12-2026\tDe Storm\n\t\t\n")
    assert [line.number for line in got.lines] == ["E1"]
    assert got.faults == {}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("E1;12-12-2026\nE2;De Storm", 2, "no date"),
        ("E1;12-12-2026\n;12-12-2026;De Storm", 2, "no number"),
        ("E1;12-12-2026\nE1;13-12-2026", 1, "twice"),
        ("E1;12-12-2026\nE2;31-02-2026;De Storm", 2, "no date"),
        ("\n".join(f"E{n};12-12-2026" for n in range(MOST_LINES + 1)), MOST_LINES + 1, "at most"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_line(text: str, place: int, words: str) -> None:
    with translation.override("en"):
        got = read(text)
    assert words in got.faults[place]
    assert all(line.place != place for line in got.lines)


def test_titles_are_alike_when_one_is_a_part_of_the_other() -> None:
    assert alike("De Storm", "de storm!") == 1.0
    assert alike("De Storm", "De Storm - Toneelgroep Noord") >= 0.8
    assert alike("De Storm", "Zwanenmeer") < 0.5
    assert alike("", "De Storm") == 0.0
    # Two letters within a long title say nothing.
    assert alike("De", "De Storm van de eeuw") < 0.2
