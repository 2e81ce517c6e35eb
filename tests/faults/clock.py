"""One clock for the portal and for DIP's double: it stands still until somebody waits, and then jumps."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

# A Tuesday afternoon in winter time, so that no schedule comes near a change of the clocks.
START = dt.datetime(2027, 1, 12, 14, 0, tzinfo=dt.UTC).timestamp()
PutOff = tuple[float, int, Callable[[], None]]


class Clock:
    """Seconds since 1970. What was put off until a moment is done when the clock passes that moment."""

    def __init__(self) -> None:
        self.at = START
        self.ahead: list[PutOff] = []
        self._order = 0

    def now(self) -> float:
        return self.at

    def put_off(self, seconds: float, act: Callable[[], None]) -> None:
        self._order += 1
        self.ahead.append((self.at + seconds, self._order, act))
        self.ahead.sort(key=lambda one: one[:2])

    @property
    def next_at(self) -> float | None:
        return self.ahead[0][0] if self.ahead else None

    def pass_by(self, seconds: float) -> None:
        """Let time pass, doing on the way what was put off."""
        until = self.at + max(0.0, seconds)
        while self.ahead and self.ahead[0][0] <= until:
            moment, _order, act = self.ahead.pop(0)
            self.at = max(self.at, moment)
            act()
        self.at = max(self.at, until)

    def set(self, at: float, ahead: Iterable[PutOff] = ()) -> None:
        """Go to this moment, with this still ahead."""
        self.at, self.ahead = at, list(ahead)


def _moments(clock: Clock) -> type[dt.datetime]:
    class Kind(type):
        # Whoever asks for a datetime means any of them.
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, dt.datetime)

    class Moments(dt.datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: Any = None) -> dt.datetime:  # type: ignore[override]
            return dt.datetime.fromtimestamp(clock.now(), tz)

    return Moments


@contextmanager
def virtual(clock: Clock) -> Iterator[None]:
    """All that asks for the time gets the clock's: timezone.now, also where it was kept as a default, and `time`."""
    moments = _moments(clock)
    with ExitStack() as stack:
        stack.enter_context(mock.patch("django.utils.timezone.datetime", moments))
        stack.enter_context(mock.patch("dipportal.sandbox.clock.datetime", moments))
        stack.enter_context(mock.patch.object(time, "time", clock.now))
        stack.enter_context(mock.patch.object(time, "monotonic", clock.now))
        stack.enter_context(mock.patch.object(time, "sleep", clock.pass_by))
        yield
