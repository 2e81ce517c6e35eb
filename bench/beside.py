"""The list pages while a full pull writes: the 95th percentile beside the same pages with nothing going on.

The pull is the real one, of the real volume (4,217 agreements in 9.4 MB), in a process of its own as a worker has it,
and every agreement differs from the one before: it parses, compares and rewrites them all, over and over. The pages are
those of the very provider whose rows are rewritten, and of a receiver that some of them are for. Windows with and
without a pull alternate; in each, every page is asked in turn. A request that began or ended outside a pull does not
count as beside one. The tables are analysed before, as the database does by itself within a minute.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import connections

from bench import _house, _payload, _rewriter, pages
from bench.common import Ratio, percentile, say
from dipportal.catalogue.models import Theater
from dipportal.dip import pull
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User

FULL = "contracts-full"
ROUNDS, SECONDS = 12, 5.0
OWN_THEATERS = 60
MOST = 1.5


def run() -> list[Ratio]:
    settings.ALLOWED_HOSTS = ["testserver"]
    dip = _house.Dip()
    with_memory, pull.Client = pull.Client, dip  # type: ignore[misc, assignment]
    connection = _house.provider()
    _house.catalogue(dip)
    say("the catalogue")
    _house.pulled(connection, "reference", "catalogue")
    dip.answers["/contracts"] = _payload.body()
    _house.pulled(connection, FULL)
    pull.Client = with_memory  # type: ignore[misc]
    asked = pages.made(connection.organisation, receiver())[0]
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with writer() as (go, stop):
        idle, beside = windows(asked, go, stop)
    return [compared(page.name, idle[page.name], beside[page.name]) for page in asked]


def receiver() -> Organisation:
    """A house with a fifth of the theaters that agreements are made with, and a manager for both sides."""
    house = Organisation.objects.create(slug="de-kade", name="Schouwburg De Kade", kind=Side.RECEIVER)
    theaters = Theater.objects.filter(contracts__isnull=False).distinct().order_by("pk").values_list("pk", flat=True)
    Theater.objects.filter(pk__in=list(theaters[:OWN_THEATERS])).update(receiver=house)
    for number, organisation in enumerate(Organisation.objects.order_by("pk")):
        user = User.objects.create(email=f"lid{number}@portaal.example", name=f"Lid {number}")
        Membership.objects.create(user=user, organisation=organisation, role=Role.MANAGER)
    return house


def compared(name: str, idle: list[float], beside: list[float]) -> Ratio:
    alone, together = percentile(idle, 0.95), percentile(beside, 0.95)
    note = f"p95 {together * 1000:.0f} ms of {len(beside)}; alone {alone * 1000:.0f} ms of {len(idle)}"
    return Ratio(f"{name}, p95 beside a full pull", together / alone, MOST, note=note)


Times = dict[str, list[float]]


def windows(asked: list[pages.Page], go: Callable[[], None], stop: Callable[[], list[Any]]) -> tuple[Times, Times]:
    """Seconds of every request by page: with nothing going on, and with a pull."""
    idle: Times = {page.name: [] for page in asked}
    beside: Times = {page.name: [] for page in asked}
    for page in asked:
        page.get()
    for number in range(1, ROUNDS + 1):
        for name, started, ended in requests(asked):
            idle[name].append(ended - started)
        go()
        found = list(requests(asked))
        spans = stop()
        for name, started, ended in found:
            if any(begun <= started and ended <= done for begun, done in spans):
                beside[name].append(ended - started)
        say(f"round {number} of {ROUNDS}: {len(spans)} pulls")
    return idle, beside


def requests(asked: list[pages.Page]) -> Iterator[tuple[str, float, float]]:
    gc.collect()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for page in asked:
            started = time.monotonic()
            page.get()
            yield page.name, started, time.monotonic()


@contextmanager
def writer() -> Iterator[tuple[Callable[[], None], Callable[[], list[Any]]]]:
    """A process that pulls from `go` to `stop`; `stop` answers when each pull began and ended, on the same clock."""
    mine, theirs = multiprocessing.Pipe()
    connections.close_all()
    worker = multiprocessing.get_context("spawn").Process(target=_rewriter.serve, args=(theirs,), daemon=True)
    worker.start()
    theirs.close()

    def go() -> None:
        mine.send("go")
        mine.recv()

    def stop() -> list[Any]:
        mine.send("stop")
        spans: list[Any] = mine.recv()
        return spans

    try:
        mine.recv()
        yield go, stop
    finally:
        worker.terminate()
        worker.join()
