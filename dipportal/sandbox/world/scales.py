"""How large each world is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Share:
    """What one provider has. `running` productions play around the reference date, `earlier` ones before.

    `archive`: more productions of earlier seasons, without agreements. They are drawn apart, so that all else of a
    world is the same with and without them.
    """

    clients: tuple[int, ...]
    running: int = 0
    earlier: int = 0
    seasons: int = 1
    running_performances: int = 0
    earlier_performances: int = 0
    archive: int = 0
    archive_seasons: int = 0
    archive_performances: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)

    @property
    def agreements(self) -> int:
        return sum(self.statuses.values())


@dataclass(frozen=True)
class Scale:
    theaters: int
    halls: int
    without_halls: int
    members: int
    unrelated_producers: int
    agency: Share
    producer: Share
    # How much of the playing is done in the first eight theaters, and in any member.
    first_eight: float = 0.5
    in_members: float = 0.9
    first_open: int = 15
    presale: bool = True


def _times(numbers: dict[str, int], factor: int) -> dict[str, int]:
    return {name: number * factor for name, number in numbers.items()}


_CLIENTS = (123, 124, 125)
# As counted in live answers for one large provider.
_REAL_STATUSES = {
    "approved": 2028, "concept": 1119, "proposed": 924, "rejected": 128, "revised-in-pki": 17, "revised": 1,
}  # fmt: skip
_REAL_TYPES = {"buyout": 285, "volume": 58, "suppletion": 3}


def _real(factor: int) -> Scale:
    return Scale(
        theaters=819 * factor,
        halls=2862 * factor,
        without_halls=18 * factor,
        members=162 * factor,
        unrelated_producers=300 * factor,
        agency=Share(
            _CLIENTS, running=6 * factor, earlier=95 * factor, seasons=13,
            running_performances=160 * factor, earlier_performances=2540 * factor,
            statuses=_times(_REAL_STATUSES, factor), types=_times(_REAL_TYPES, factor),
        ),
        producer=Share(
            (201,), running=4 * factor, earlier=6 * factor, seasons=3,
            running_performances=60 * factor, earlier_performances=90 * factor,
            statuses=_times({"approved": 40, "concept": 12, "proposed": 14, "rejected": 4}, factor),
            types=_times({"buyout": 6, "volume": 2}, factor),
        ),
        first_eight=0.1,
        in_members=0.7,
        presale=False,
    )  # fmt: skip


SCALES = {
    "demo": Scale(
        theaters=60, halls=148, without_halls=5, members=34, unrelated_producers=30,
        agency=Share(
            _CLIENTS, running=14, earlier=4, seasons=2, running_performances=280, earlier_performances=48,
            archive=9, archive_seasons=3, archive_performances=150,
            statuses={
                "approved": 50, "concept": 20, "proposed": 25, "rejected": 10, "revised": 3, "revised-in-pki": 2,
            },
            types={"buyout": 12, "volume": 6, "suppletion": 3, "rent": 2},
        ),
        producer=Share(
            (201,), running=6, earlier=2, seasons=2, running_performances=120, earlier_performances=20,
            archive=3, archive_seasons=3, archive_performances=30,
            statuses={"approved": 17, "concept": 8, "proposed": 10, "rejected": 4, "revised": 1},
            types={"buyout": 4, "volume": 3, "suppletion": 1, "rent": 1},
        ),
    ),
    "small": Scale(
        theaters=6, halls=10, without_halls=1, members=4, unrelated_producers=0,
        agency=Share(
            (123, 124), running=3, running_performances=9,
            statuses={"approved": 2, "concept": 2, "proposed": 2, "rejected": 1}, types={"buyout": 1, "volume": 1},
        ),
        producer=Share(
            (201,), running=1, running_performances=3, statuses={"approved": 1, "concept": 1, "proposed": 1},
        ),
        first_eight=1, in_members=1, first_open=1,
    ),
    "empty": Scale(
        theaters=60, halls=148, without_halls=5, members=34, unrelated_producers=30,
        agency=Share(_CLIENTS), producer=Share((201,)),
    ),
    "real": _real(1),
    "x10": _real(10),
}  # fmt: skip
