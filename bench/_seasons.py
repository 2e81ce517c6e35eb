"""Tables filled for the sales monitor: 13 seasons of one large provider, others beside it, and one with one production.

Of every production: 30 evenings in 15 theaters over its season, each with the count and ten points of its run-up. Of a
hundred evenings that were played one has no count and one an old one; of those to come ten owe one, and what lies
further ahead than two months is counted half. The rows are made by the database out of one that the ORM wrote, and the
sums of all tours by the portal.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from bench import _volume
from bench._volume import THEATERS, _copies
from dipportal.catalogue.models import Performance, Producer, Production, Theater
from dipportal.catalogue.rules import season_of
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint

SEASONS, PRODUCTIONS, EVENINGS, POINTS = 13, 10_000, 30, 10
# Beside the large one, and each of their productions.
OTHERS, OTHER_PRODUCTIONS = 5, 100
BESIDE = 1_000_000


@dataclass(frozen=True)
class Houses:
    large: User
    small: User
    # A production of the running season of each.
    of_large: int
    of_small: int


def people() -> Houses:
    large = _volume.people().provider
    seeds()
    for number in range(OTHERS):
        _provider(f"ander-{number}", 200 + number)
    small = _provider("klein", 300)
    return Houses(_editor(large), _editor(small), running(), BESIDE * 10)


def running() -> int:
    """A production of the running season that is in the middle of its tour, as that of the small one is.

    Where both were at other ends of theirs, their pages would have other things to tell.
    """
    return next(p for p in range(SEASONS, PRODUCTIONS, SEASONS) if begins_after(p) == days_before_now())


def days_before_now() -> int:
    """Days after the first of September on which a tour begins that is half way, as far as the season goes on."""
    began = dt.date(int(season_of(timezone.localdate())[:4]), 9, 1)
    return min(max((timezone.localdate() - began).days - EVENINGS * 3 // 2, 0), 199)


def begins_after(p: int) -> int:
    return p * 37 % 200


def _provider(slug: str, producer: int) -> Organisation:
    made = Organisation.objects.create(slug=slug, name=slug.title(), kind=Side.PROVIDER, four_eyes=False)
    Producer.objects.create(id=producer, name=f"Producent {producer}").providers.add(made)
    user = User.objects.create(email=f"lid@{slug}.example", name="Lid")
    Membership.objects.create(user=user, organisation=made, role=Role.MANAGER)
    return made


def _editor(organisation: Organisation) -> User:
    return organisation.memberships.order_by("pk")[0].user


def seeds() -> None:
    """One row of each table, with a number below those of the copies; they stand in no list that is measured."""
    now = timezone.now()
    producer = Producer.objects.create(id=999, name="Producent Zuid")
    production = Production.objects.create(id=0, title="Zaad", producer=producer, genre_id=1)
    evening = Performance.objects.create(id=0, production=production, theater_id=1, starts_at=now, capacity=[500, 120])
    TicketCount.objects.create(
        id=0, performance=evening, source=Source.DIP, tickets=0, revenue_cents=0, counted_at=now, normal=0, discount=0,
        free=0, other=0, complimentary=0,
    )  # fmt: skip
    TicketCountPoint.objects.create(id=0, performance=evening, day=now.date(), tickets=0, revenue_cents=0)


def fill() -> None:
    _tours(f"generate_series(1, {PRODUCTIONS}) p", "101 + p % 5")
    others = f"generate_series({BESIDE}, {BESIDE + OTHERS * OTHER_PRODUCTIONS - 1}) p"
    _tours(others, f"200 + p % {OTHERS}")
    _tours(f"(VALUES ({BESIDE * 10})) one(p)", "300", season="0", after=str(days_before_now()))
    _clean()


def _clean() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ticketing_ticketcountpoint WHERE id = 0")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


EVERYWHERE = "1 + (p * 11 + k / 2) % 300"


def _tours(
    rows: str,
    producer: str,
    *,
    season: str = f"p % {SEASONS}",
    theater: str = EVERYWHERE,
    after: str = "(p * 37) % 200",
) -> None:
    """`season`: how many seasons ago, as SQL. `theater`: of evening k of production p; one beyond 300 has no hall.

    `after`: so many days after the first of September it begins.
    """
    running = int(season_of(timezone.localdate())[:4])
    year = f"({running} - ({season}))"
    _copies(
        Production, rows, id="p", dip_id="'NL-26-' || p", producer_id=producer, genre_id="1 + p % 20",
        title="(ARRAY['De storm', 'Het licht', 'Een avond met', 'Drie zusters', 'Op weg naar'])[1 + p % 5]"
        " || ' van stuk ' || p",
        season=f"{year} || '-' || ({year} + 1)",
    )  # fmt: skip
    evenings = f"{rows}, generate_series(0, {EVENINGS - 1}) k"
    starts = (
        f"make_timestamptz({year}::int, 9, 1, 20, 15, 0, 'Europe/Amsterdam')"
        f" + make_interval(days => (({after}) + k * 3)::int)"
    )
    hall = f"CASE WHEN {theater} <= {THEATERS} THEN ({theater}) * 10 + 1 + k % 2 END"
    _copies(
        Performance, evenings, id=f"p::bigint * {EVENINGS} + k", number=f"11000000 + p::bigint * {EVENINGS} + k",
        production_id="p", theater_id=theater, hall_id=hall, starts_at=starts,
    )  # fmt: skip
    _counts(rows)


# --- houses ---------------------------------------------------------------------------------------------------------
# Of each production so many of its thirty evenings play in the house; 500 productions make 5,000.
HERE, HOUSE_PRODUCTIONS, ELSEWHERE = 10, 500, 2_000


@dataclass(frozen=True)
class House:
    """Somebody of a house, and a production that plays in it."""

    user: User
    production: int


def houses() -> tuple[House, House]:
    """One of 5,000 performances in 13 seasons, and one of ten of one production; others stand beside them."""
    _volume.people()
    seeds()
    _tours(f"generate_series(1, {ELSEWHERE}) p", "101 + p % 5")
    # Of the running season in both.
    large = _house("groot", THEATERS + 1, first=BESIDE * SEASONS, productions=HOUSE_PRODUCTIONS)
    small = _house("klein", THEATERS + 2, first=BESIDE * SEASONS * 2, productions=1)
    _clean()
    return large, small


def _house(slug: str, theater: int, *, first: int, productions: int) -> House:
    here = f"(CASE WHEN k < {HERE} THEN {theater} ELSE {EVERYWHERE} END)"
    user = _receiver(slug, theater)
    _tours(f"generate_series({first}, {first + productions - 1}) p", "101 + p % 5", theater=here)
    return House(user, first)


def _receiver(slug: str, theater: int) -> User:
    made = Organisation.objects.create(slug=slug, name=slug.title(), kind=Side.RECEIVER)
    Theater.objects.create(id=theater, name=slug.title(), city="Voorbeeldstad", dip_member=True, receiver=made)
    user = User.objects.create(email=f"lid@{slug}.example", name="Lid")
    Membership.objects.create(user=user, organisation=made, role=Role.MANAGER)
    return user


def _counts(rows: str) -> None:
    played = f"(SELECT e.id, e.starts_at FROM catalogue_performance e, {rows} WHERE e.production_id = p) e"
    lot = "(e.id * 7919 % 100)"
    counted = (
        f"CASE WHEN e.starts_at < now() THEN CASE WHEN {lot} = 0 THEN e.starts_at - interval '12 days'"
        " ELSE e.starts_at + interval '9 hours' END"
        f" WHEN {lot} < 5 THEN now() - interval '12 days' ELSE now() - interval '5 hours' END"
    )
    told = (
        f"CASE WHEN e.starts_at < now() THEN {lot} <> 1"
        f" WHEN e.starts_at < now() + interval '60 days' THEN {lot} NOT BETWEEN 5 AND 9 ELSE {lot} < 50 END"
    )
    sold = "(620 * (20 + (e.id * 31 % 80)) / 100)::int"
    _copies(
        TicketCount, f"{played}", id="e.id", performance_id="e.id", tickets=sold, normal=sold,
        revenue_cents=f"{sold} * 2350", counted_at=counted, reservations="(e.id % 12)::int",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ticketing_ticketcount t USING catalogue_performance e"
            f" WHERE e.id = t.performance_id AND t.id > 0 AND NOT ({told})"
        )
    grown = f"(c.tickets * (w + 1) / {POINTS})::int"
    _copies(
        TicketCountPoint,
        "(SELECT t.performance_id, t.tickets, least(t.counted_at, e.starts_at) AS last FROM ticketing_ticketcount t"
        f" JOIN catalogue_performance e ON e.id = t.performance_id JOIN {rows} ON e.production_id = p) c,"
        f" generate_series(0, {POINTS - 1}) w",
        id=f"c.performance_id * {POINTS} + w", performance_id="c.performance_id", tickets=grown,
        day=f"(c.last - make_interval(days => 6 * ({POINTS - 1} - w)))::date", revenue_cents=f"{grown} * 2350",
    )  # fmt: skip


def season_ago(seasons: int) -> str:
    return season_of(timezone.localdate() - dt.timedelta(days=365 * seasons))
