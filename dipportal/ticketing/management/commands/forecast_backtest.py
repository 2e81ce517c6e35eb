"""Were the forecasts any good? `manage.py forecast_backtest --organisation impresariaat --days 42 28 14 7`."""

from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dipportal.organisations.models import Organisation
from dipportal.ticketing import forecasting
from dipportal.ticketing.back_test import CASES_NEEDED, Score
from dipportal.ticketing.forecast import HORIZONS, Reason

HEADS = ("days before", "cases", "forecast", "last year's curve", "no forecast", "in the range", "")
REFUSED = {
    Reason.SOLD_OUT: "sold out then",
    Reason.FEW_SOLD: "too few sold",
    Reason.FEW_EARLIER: "too few earlier ones",
}


def whole_days(text: str) -> int:
    """Raises ArgumentTypeError."""
    if not text.isdecimal() or not 1 <= int(text) <= 365:
        raise ArgumentTypeError(f"'{text}' is not a number of days from 1 to 365")
    return int(text)


class Command(BaseCommand):
    help = (
        "Forecast every performance that has been, with what was known before it, and print by how many percent that"
        " was wrong. What is found decides what is shown. Ends with an error when it is no better than last year's"
        " curve and than no forecast, or when there are too few cases to tell."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organisation", metavar="SLUG", help="only this provider or theater")
        parser.add_argument(
            "--days", type=whole_days, nargs="+", default=sorted(HORIZONS, reverse=True), help="how long before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        told: list[Score] = []
        for organisation in self._organisations(options["organisation"]):
            scores = forecasting.back_tested(organisation, dict.fromkeys(options["days"]), timezone.localdate(now))
            forecasting.keep(organisation, scores, now)
            self._print(organisation, scores)
            told += [score for score in scores if score.enough]
        if not told:
            raise CommandError(f"Nowhere are there {CASES_NEEDED} cases, so nothing is shown.")
        if not all(score.beats_both for score in told):
            raise CommandError("Not everywhere better than both; what is not, is not shown.")

    def _organisations(self, slug: str | None) -> list[Organisation]:
        found = Organisation.objects.order_by("kind", "name", "pk")
        chosen = list(found if slug is None else found.filter(slug=slug))
        if not chosen:
            raise CommandError("There is no such organisation." if slug else "There are no organisations.")
        return chosen

    def _print(self, organisation: Organisation, scores: list[Score]) -> None:
        if any(score.cases for score in scores):
            self.stdout.write(f"{organisation}: mean absolute percentage error")
            self._print_table(scores)
        else:
            self.stdout.write(f"{organisation}: no case to forecast, so nothing is shown")
        for score in scores:
            said = ", ".join(f"{score.refused[why]} {words}" for why, words in REFUSED.items() if why in score.refused)
            if said:
                self.stdout.write(f"{score.days} days before, without a forecast: {said}")
        self.stdout.write("")

    def _print_table(self, scores: list[Score]) -> None:
        lines = [HEADS, *(_cells(score) for score in scores)]
        widths = [max(len(line[index]) for line in lines) for index in range(len(HEADS))]
        for line in lines:
            cells = [cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False)]
            self.stdout.write("  ".join([*cells, line[-1]]).rstrip())


def _cells(score: Score) -> tuple[str, ...]:
    if not score.cases:
        return (str(score.days), "0", "-", "-", "-", "-", _verdict(score))
    errors = [_percent(error) for error in (score.error, score.error_last_year, score.error_unchanged)]
    return (
        str(score.days),
        str(score.cases),
        *errors,
        _percent(score.hit),
        _verdict(score),
    )


def _percent(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _verdict(score: Score) -> str:
    if not score.enough:
        return f"fewer than {CASES_NEEDED} cases: not shown"
    if not score.beats_both:
        return "not better than both: not shown"
    return "better than both" + (": shown" if score.days in HORIZONS else "")
