"""DIP-ids: tolerant of width, strict about shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dipportal.catalogue.dip_id import DipId, search_parts


@pytest.mark.parametrize(
    ("text", "production", "performance"),
    [
        ("NL-25-123-0003776|11484906", "NL-25-123-0003776", 11484906),
        (" nl-25-123-0003776 | 11484906 ", "NL-25-123-0003776", 11484906),
        ("NL-25-777-00279", "NL-25-777-00279", None),
        ("NL-25-1-3776864", "NL-25-1-3776864", None),
    ],
)
def test_an_id_is_split_in_its_parts(text: str, production: str, performance: int | None) -> None:
    assert DipId.parse(text) == DipId(production, performance)


@pytest.mark.parametrize("text", ["", "11484906", "NL-25-123", "NL-25-123-0003776|", "NL-25-123-0003776|x", "storm"])
def test_what_has_not_the_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        DipId.parse(text)


@given(st.integers(0, 99), st.integers(0, 10**6), st.from_regex(r"\A\d{3,9}\Z"), st.integers(0, 10**9))
def test_every_id_comes_back_as_it_was(year: int, producer: int, serial: str, number: int) -> None:
    text = f"NL-{year:02d}-{producer}-{serial}|{number}"
    if text.isascii():
        assert str(DipId.parse(text)) == text


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("NL-25-123-0003776|1148", ("NL-25-123-0003776", "1148")),
        ("11484906", ("11484906", "11484906")),
        ("0003776|", ("0003776", "")),
        ("|11484906", ("", "11484906")),
        ("25-123", ("25-123", "")),
        ("de storm", ("", "")),
        ("storm 2", ("", "")),
    ],
)
def test_parts_of_an_id_are_recognised(typed: str, parts: tuple[str, str]) -> None:
    assert search_parts(typed) == parts
