import datetime as dt

import pytest
from django.utils import timezone, translation

from dipportal.core.dates import ago, day, moment
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
