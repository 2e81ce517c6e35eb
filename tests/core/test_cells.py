"""What a cell says, as people and office programs write it."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dipportal.core import cells


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (None, None), ("", None), ("  ", None), (12, 12), (12.0, 12), ("12", 12), (" 1.200 ", 1200),
        ("1\u00a0200", 1200), (-3, -3), ("-3", -3), ("1.200.000", 1_200_000),
    ],
)  # fmt: skip
def test_whole_numbers(said: Any, number: int | None) -> None:
    assert cells.whole(said) == number


@pytest.mark.parametrize(
    "said",
    [True, 1.5, float("inf"), float("nan"), "1,5", "1.5", "12.34", "een", "#REF!", "1e3", "²", "٣", "9" * 30,
     dt.datetime(2026, 1, 1), dt.time(1)],
)  # fmt: skip
def test_what_is_no_whole_number(said: Any) -> None:
    with pytest.raises(ValueError):
        cells.whole(said)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        (None, None), ("", None), (1234.5, 123_450), (1234, 123_400), ("1.234,50", 123_450), ("1234,5", 123_450),
        ("€ 1.234,-", 123_400), ("1234.50", 123_450), (0.1 + 0.2, 30), (-1, -100),
    ],
)  # fmt: skip
def test_amounts(said: Any, amount: int | None) -> None:
    assert cells.cents(said) == amount


@pytest.mark.parametrize("said", [False, 1.005, 12.3456, float("inf"), "1,234.50", "veel", dt.date(2026, 1, 1)])
def test_what_is_no_amount(said: Any) -> None:
    with pytest.raises(ValueError):
        cells.cents(said)


@given(some.integers(0, 1_000_000_000))
def test_every_cent_survives_the_office_program(amount: int) -> None:
    assert cells.cents(amount / 100) == amount


@pytest.mark.parametrize("said", ["12-3-2026", "12-03-2026", "12/03/2026", "2026-03-12", dt.datetime(2026, 3, 12, 20)])
def test_days(said: Any) -> None:
    assert cells.day(said) == dt.date(2026, 3, 12)


@pytest.mark.parametrize("said", ["20:15", "20.15", "20:15:30", dt.time(20, 15, 1), dt.datetime(1899, 12, 30, 20, 15)])
def test_times(said: Any) -> None:
    assert cells.clock(said) == dt.time(20, 15)


def test_what_is_no_day_or_time() -> None:
    for said in ("31-02-2026", "morgen", 46093):
        with pytest.raises(ValueError):
            cells.day(said)
    for said in ("25:15", "kwart over acht", 0.84):
        with pytest.raises(ValueError):
            cells.clock(said)
    assert (cells.day(" "), cells.clock(""), cells.day(None), cells.clock(None)) == (None, None, None, None)
