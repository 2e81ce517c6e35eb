import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.timesince import timesince
from hypothesis import example, given
from hypothesis import strategies as st

from dipportal.core.dates import ago, day, largest_unit, moment
from dipportal.core.forms import DayField
from tests.world import AMSTERDAM

EVENING = dt.datetime(2026, 3, 12, 19, 15, tzinfo=dt.UTC)


@pytest.mark.parametrize(("language", "shown"), [("nl", "do 12 mrt 2026, 20:15"), ("en", "Thu 12 March 2026, 20:15")])
def test_moments_are_shown_in_amsterdam(language: str, shown: str) -> None:
    with translation.override(language):
        assert moment(EVENING).replace("Mar ", "March ").replace("Mar.", "March") == shown
        assert day(EVENING.astimezone(AMSTERDAM)) == moment(EVENING).split(",")[0]


def test_ages_are_words() -> None:
    with translation.override("nl"):
        assert ago(timezone.now() - dt.timedelta(days=3, hours=2)).replace("\u00a0", " ") == "3 dagen"
    assert ago(None) == day(None) == moment(None) == ""


@pytest.mark.parametrize("typed", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_year_that_nobody_means_is_refused_in_words(typed: str) -> None:
    with translation.override("en"):
        with pytest.raises(ValidationError) as refused:
            DayField().clean(typed)
        # The sentence is put into words when it is read.
        assert refused.value.messages == ["Fill in a date between the years 1900 and 2200."]


@pytest.mark.parametrize("typed", ["1900-01-01", "2200-12-31"])
def test_the_first_and_the_last_year_are_accepted(typed: str) -> None:
    assert DayField().clean(typed) == dt.date.fromisoformat(typed)
    assert DayField(required=False).clean("") is None


MOMENTS = st.datetimes(dt.datetime(2019, 1, 1), dt.datetime(2032, 1, 1), timezones=st.just(dt.UTC))


@given(since=MOMENTS, passed=st.timedeltas(dt.timedelta(minutes=1), dt.timedelta(days=1500)))
@example(since=dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), passed=dt.timedelta(days=28))
@example(since=dt.datetime(2025, 2, 28, 12, tzinfo=dt.UTC), passed=dt.timedelta(days=365, seconds=-1))
def test_an_age_is_what_timesince_begins_with(since: dt.datetime, passed: dt.timedelta) -> None:
    unit, number = largest_unit(since, since + passed)
    with translation.override("en"):
        words = timesince(since, since + passed, depth=1).split("\u00a0")
    assert words == [str(number), unit if number == 1 else f"{unit}s"]


@pytest.mark.parametrize(("language", "words"), [("nl", "3 weken"), ("en", "3 weeks")])
def test_an_age_is_in_the_language_of_who_asks(language: str, words: str) -> None:
    for order in (("nl", "en"), ("en", "nl")):
        for each in order:
            with translation.override(each):
                ago(timezone.now() - dt.timedelta(days=23))
    with translation.override(language):
        assert ago(timezone.now() - dt.timedelta(days=23)).replace("\u00a0", " ") == words
