"""Productions, their tours and what was sold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from dipportal.sandbox import clock
from dipportal.sandbox.productions import performance_record, production_record
from dipportal.sandbox.store import Record
from dipportal.sandbox.world import names
from dipportal.sandbox.world.box_office import Sold
from dipportal.sandbox.world.places import Places
from dipportal.sandbox.world.scales import Scale, Share

_EVENINGS = (time(20, 15), time(20, 0), time(19, 30), time(20, 30))
_MATINEE = time(15, 0)
# Days before the evening: when tickets begin to be sold, and from when on a house has a count to tell.
_ON_SALE = 120
_EXPECTED = 60
# Of the first eight theaters the one that counts by hand and has fallen behind, and the one that always has a count
# to enter: its weekly mail is where a demo begins.
_FALLS_SILENT = 5
_HAS_ONE_TO_ENTER = 2


@dataclass
class Numbers:
    """Ids that rise over the whole world, with gaps."""

    performance: int = 11484000
    serial: int = 278

    def next_performance(self, rng: Random) -> int:
        self.performance += rng.randint(1, 6)
        return self.performance

    def next_serial(self, rng: Random) -> str:
        self.serial += rng.randint(1, 9)
        # Both widths occur in DIP, so no part of a production's id is ever a number.
        return f"{self.serial:05d}" if rng.random() < 0.5 else f"{3776000 + self.serial:07d}"


@dataclass(frozen=True)
class Tour:
    production: Record
    performances: list[Record]


def _spread(rng: Random, total: int, parts: int) -> list[int]:
    """`total` over `parts`, uneven, each at least 1 and at most 93."""
    sizes = [1] * parts
    for _ in range(total - parts):
        index = min(rng.randrange(parts), rng.randrange(parts)) if rng.random() < 0.6 else rng.randrange(parts)
        if sizes[index] >= 93:
            index = sizes.index(min(sizes))
        sizes[index] += 1
    return sizes


def _moments(rng: Random, first: date, last: date, count: int) -> list[datetime]:
    days = max((last - first).days + 1, -(-count // 2))
    slots = sorted(rng.sample(range(2 * days), count)) if count > days else [
        2 * day + 1 for day in sorted(rng.sample(range(days), count))
    ]  # fmt: skip
    evening = rng.choice(_EVENINGS)
    moments = []
    for slot in slots:
        day = first + timedelta(days=slot // 2)
        sunday = day.weekday() == 6 and count <= days and rng.random() < 0.5
        moments.append(datetime.combine(day, evening if slot % 2 and not sunday else _MATINEE))
    return moments


def _house(rng: Random, scale: Scale, places: Places, used: set[int]) -> Record:
    """Not twice in one tour while there is another choice."""
    members = places.members
    for _ in range(8):
        draw = rng.random()
        if draw < scale.first_eight:
            found = members[rng.randrange(min(8, len(members)))]
        elif draw < scale.in_members:
            found = rng.choice(members)
        else:
            found = rng.choice(places.theaters)
        if found["id"] not in used:
            break
    return found


def _performances(
    rng: Random, scale: Scale, places: Places, production: Record, *, moments: list[datetime], numbers: Numbers
) -> list[Record]:
    made: list[Record] = []
    used: set[int] = set()
    while len(made) < len(moments):
        theater = _house(rng, scale, places, used)
        used.add(theater["id"])
        halls = [one for one in theater["theater_locations"] if "NIET GEBRUIKEN" not in one["name"]]
        hall = rng.choice(halls) if halls else None
        capacity = rng.choice((120, 180, 320, 450, 611, 740, 902, 1150))
        for moment in moments[len(made) : len(made) + rng.choice((1, 1, 1, 1, 2, 2, 3))]:
            kind = "normal"
            if len(made) < 2 and len(moments) > 4:
                kind = "tryout"
            elif len(made) == 2 and len(moments) > 4:
                kind = "premiere"
            record = performance_record(
                numbers.next_performance(rng), production, theater,
                date=clock.stamp(moment), theater_location=hall, type=kind,
                status="cancellation" if rng.random() < 0.02 else "agreed",
                private=rng.random() < 0.03, in_festival=theater["type"] == "Festival",
                isOtherLocation=hall is None, amount_rank1=capacity, amount_rank2=rng.choice((0, 0, 0, 80)),
            )  # fmt: skip
            made.append(record)
    return made


def tours(
    rng: Random, scale: Scale, places: Places, share: Share, *, numbers: Numbers, today: date, first_title: int
) -> list[Tour]:
    """Running productions last, the earlier ones by season before them."""
    plans: list[tuple[date, date, date, int]] = []
    this = clock.season_start(today)
    for index, size in enumerate(_spread(rng, share.earlier_performances, share.earlier) if share.earlier else []):
        start = date(this.year - 1 - index % max(1, share.seasons - 1), 8, 1)
        plans.append((start, start + timedelta(days=45), clock.season_end(start) - timedelta(days=60), size))
    plans.sort(key=lambda plan: plan[0])
    # Late in a season tours run on into the summer, so that there is always something ahead.
    first = max(this, today - timedelta(days=28))
    last = max(clock.season_end(this), today + timedelta(days=120))
    for size in _spread(rng, share.running_performances, share.running) if share.running else []:
        plans.append((this, first, last, size))
    made = []
    for index, (season, begin, end, size) in enumerate(plans):
        producer = places.producers[share.clients[index % len(share.clients)]]
        number = f"NL-{season.year % 100:02d}-{producer['id']}-{numbers.next_serial(rng)}"
        co_producers = [places.producers[share.clients[0]]] if rng.random() < 0.1 and len(share.clients) > 1 else []
        production = production_record(
            number, title=names.title(first_title + index), season=clock.season_name(season),
            genre=rng.choice(places.genres), producer=producer,
            co_producers=[one for one in co_producers if one["id"] != producer["id"]],
        )  # fmt: skip
        moments = _moments(rng, begin, end, size)
        made.append(Tour(production, _performances(rng, scale, places, production, moments=moments, numbers=numbers)))
    return made


def _filled(draw: float, performance: Record) -> float:
    """How full it is in the end, 0 to 1. Titles differ; one in eight sells out, and about as many never take off."""
    title = Random(performance["production"]["id"]).gauss(0, 0.14)
    if draw < 0.1:
        return 0.02 + 1.6 * draw
    return min(1.0, max(0.05, 0.12 + 0.95 * draw + title))


def _so_far(performance: Record, days_ahead: int) -> float:
    """Which part of these is sold so many days before. Some sell early, some late."""
    late = Random(performance["number"]).uniform(1.2, 2.8)
    return max(0.0, 1 - days_ahead / _ON_SALE) ** late * (0.85 if days_ahead else 0.95)


def _behind(theater_id: int) -> int:
    """How many days ago the house last told of what is still to be played. Most tell it each night.

    Those that count by hand do so about weekly; a few say nothing until the evening is over.
    """
    own = Random(f"tells {theater_id}")
    draw, days = own.random(), own.randint(1, 6)
    # Whom people log in as in the demo tells what it should, but for one.
    if theater_id == _FALLS_SILENT or (draw < 0.06 and theater_id > 8):
        return 10 + 2 * days
    return days if draw < 0.2 else 0


def counts(rng: Random, scale: Scale, performance: Record, today: date) -> Sold | None:
    """What was sold of one performance; None when its theater reported nothing."""
    days_ahead = (clock.parse(performance["date"]).date() - today).days
    if performance["status"] != "agreed" or rng.random() < 0.08:
        return None
    if days_ahead < 0:
        return _drawn(rng, performance, today - timedelta(days=-days_ahead - 1))
    if scale.presale and days_ahead <= _EXPECTED and rng.random() >= 0.5:
        return _ahead(rng, performance, today, days_ahead)
    # More of what is ahead, drawn apart so that nothing else of the world moves. What is near is missing less.
    own = Random(f"ahead {performance['number']}")
    missing = 0.4 if days_ahead <= _EXPECTED else 0.5
    if not scale.presale or days_ahead >= _ON_SALE or own.random() < missing:
        return None
    return _ahead(own, performance, today, days_ahead)


def one_to_enter(sold: list[Sold], performances: Iterable[Record], today: date) -> list[Sold]:
    """Without the count of the last evening of the coming weeks in that house, when no other one is missing there."""
    first, last = today.isoformat(), (today + timedelta(days=40)).isoformat()
    there = [
        (one["date"], one["number"])
        for one in performances
        if one["theater"]["id"] == _HAS_ONE_TO_ENTER and one["status"] == "agreed" and first < one["date"][:10] <= last
    ]
    told = {one.number for one in sold}
    if not there or any(number not in told for _moment, number in there):
        return sold
    return [one for one in sold if one.number != max(there)[1]]


def _ahead(rng: Random, performance: Record, today: date, days_ahead: int) -> Sold | None:
    """None when the house last told of it before its sale began."""
    behind = _behind(performance["theater"]["id"])
    sold = _drawn(rng, performance, today - timedelta(days=behind))
    reserved = rng.randint(1, 20)
    days_then = days_ahead + behind
    # What sells out does so weeks before.
    if not (sold.tickets == sold.seats and days_then <= 45):
        sold.tickets = round(sold.tickets * _so_far(performance, days_then))
    free = sold.seats - sold.tickets
    sold.reserved = min(reserved, free)
    sold.blocked = min(_kept_free(performance), free - sold.reserved)
    return sold if days_then < _ON_SALE else None


def _kept_free(performance: Record) -> int:
    """Seats that some houses do not sell: behind the desk of the technicians, or with a pillar before them."""
    house = Random(f"kept free {performance['theater']['id']}")
    return house.choice((2, 4, 6, 12)) if house.random() < 0.4 else 0


def _drawn(rng: Random, performance: Record, reported: date) -> Sold:
    """As many tickets as there will be in the end."""
    filled = _filled(rng.random(), performance)
    price = rng.choice((1450, 1825, 2250, 2600, 2840))
    moment = datetime.combine(reported, time(4, 2)) + timedelta(milliseconds=rng.choice((0, 500, 120, 11933, 2040)))
    sold = Sold(performance, 0, price, clock.stamp(moment))
    sold.tickets = round(sold.seats * filled)
    return sold
