"""Time zone rules of a test's own, where Python reads them."""

import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils import timezone

# A file as tzdata has them: no transitions, one kind of time that is 3,600 seconds ahead of UTC and called CET.
ONE_HOUR_AHEAD = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, 0, 1, 4) + struct.pack(
    ">lbb4s", 3600, 0, 0, b"CET\0"
)


@contextmanager
def without_summer_time(folder: Path) -> Iterator[None]:
    """As if the rules were changed: Amsterdam has winter time all year."""
    place = folder / "Europe" / "Amsterdam"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(ONE_HOUR_AHEAD)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(folder), *before])
    _read_again()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(before)
        _read_again()


def _read_again() -> None:
    """What was remembered of the old rules is forgotten."""
    zoneinfo.ZoneInfo.clear_cache()
    timezone.get_default_timezone.cache_clear()
