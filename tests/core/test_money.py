"""Amounts as people type them, and back."""

from decimal import Decimal

import pytest
from django.forms import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from dipportal.core.forms import CentsField, CentsListField, PercentField
from dipportal.core.money import format_cents, format_percent, parse_cents, parse_percent


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("6500", 650000),
        ("6.500,00", 650000),
        ("6500,-", 650000),
        ("€ 6.500", 650000),
        ("27,5", 2750),
        ("27.50", 2750),
        ("1.234.567,89", 123456789),
        ("0", 0),
        ("-12,50", -1250),
        ("6 500,00", 650000),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, cents: int) -> None:
    assert parse_cents(typed) == cents


@pytest.mark.parametrize("typed", ["", "abc", "6,500.00", "1.23.456", "12,345", "6.50.00", "--5", "1e3", "5 %"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_cents(typed)


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_what_is_shown_can_be_typed_back(cents: int) -> None:
    assert parse_cents(format_cents(cents)) == cents


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_percentages_come_back_as_they_were(value: Decimal) -> None:
    assert parse_percent(format_percent(value)) == value


def test_nothing_is_shown_as_nothing() -> None:
    assert (format_cents(None), format_percent(None)) == ("", "")
    assert format_cents(650000) == "€\u00a06.500,00"
    assert format_percent(Decimal("12.5000")) == "12,5\u00a0%"


def test_the_fields_refuse_in_words() -> None:
    with pytest.raises(ValidationError):
        CentsField().clean("-5")
    with pytest.raises(ValidationError):
        PercentField().clean("101")
    with pytest.raises(ValidationError):
        CentsListField().clean("27,50; veel")
    with pytest.raises(ValidationError):
        CentsListField().clean("; ".join(["1"] * 11))


def test_the_fields_read_and_keep() -> None:
    assert CentsField(required=False).clean("") is None
    assert CentsListField().clean("27,50; 23,50") == [2750, 2350]
    assert PercentField().clean("12,5 %") == Decimal("12.5")
    assert CentsField().has_changed(650000, "6.500,00") is False
    assert CentsListField().has_changed([2750], "27,50; 23,50") is True
