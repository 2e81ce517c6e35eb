import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dipportal.core.errors import PortalError
from dipportal.demo import season


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


@contextlib.contextmanager
def leaving_in_order() -> Iterator[None]:
    """Asked to end, a pull under way closes its row: one that stays open keeps the next start out for minutes."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Command(BaseCommand):
    help = "Fill the demo's season from the sandbox. Doing it again changes nothing."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO_MODE or settings.DIP_ENVIRONMENT != "sandbox":
            raise CommandError("This makes log-ins with a known password: only with DEMO_MODE=true and the sandbox.")
        try:
            with leaving_in_order():
                season.seed(self.stdout.write)
        except PortalError as refusal:
            raise CommandError(str(refusal)) from refusal
