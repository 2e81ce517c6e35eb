"""Rule 13: many answers at once, one wins; the losers are told and write nothing."""

import copy
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from tests.world import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ANSWERS = 200
# So many of them are in the database at once, each with one connection that it keeps: a server takes about a hundred,
# lets go of those that were closed in its own time, and has other tests to serve.
ROOM = 25
PATIENCE = 60.0  # seconds for a place in the server


def take_a_place() -> None:
    """Connect, also while the server is full of others; as it says itself once the patience is out."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return connection.ensure_connection()
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def all_at_once(act: Callable[[int], None]) -> None:
    """`act` for each of the answers, ROOM of them at the same time. What one of them raises is raised here."""
    start = threading.Barrier(ROOM, timeout=2 * PATIENCE)

    def row(first: int) -> None:
        try:
            take_a_place()
            start.wait()
            for index in range(first, ANSWERS, ROOM):
                act(index)
        except BaseException:
            # The others would wait for one who never comes.
            start.abort()
            raise
        finally:
            connections.close_all()

    with ThreadPoolExecutor(ROOM) as pool:
        rows = [pool.submit(row, first) for first in range(ROOM)]
    failed = [failure for ended in rows if (failure := ended.exception()) is not None]
    first_cause = [failure for failure in failed if not isinstance(failure, threading.BrokenBarrierError)]
    for failure in first_cause or failed:
        raise failure


def test_of_many_answers_at_once_one_wins() -> None:
    assert connection.vendor == "postgresql"
    world = build()
    contract = world.contract(status="proposed")
    outcomes: Counter[str] = Counter()

    def answer(index: int) -> None:
        actor = world.actors["kade_editor" if index % 2 else "kade_manager"]
        # As every one of them read it: still open.
        mine = copy.copy(contract)
        try:
            if index % 3:
                actions.approve(mine, actor=actor, note=f"Van {index}.", seen_version=contract.version)
            else:
                actions.reject(mine, actor=actor, reason=f"Nee, van {index}.", seen_version=contract.version)
            outcomes["won"] += 1
        except PortalError as refusal:
            outcomes[refusal.code] += 1

    all_at_once(answer)
    assert outcomes == {"won": 1, "stale": ANSWERS - 1}
    assert Entry.objects.filter(code__in=("contract.approved", "contract.rejected")).count() == 1
    mails = Counter(Email.objects.filter(kind=Kind.ANSWER).values_list("recipient", flat=True))
    assert set(mails) >= {"plan@agency.example", "editor@impresariaat-noord.example"}
    assert set(mails.values()) == {1}


def test_those_who_come_too_late_read_who_was_first() -> None:
    """The same through the pages: 200 people press the button at once; one is thanked, 199 read the winner's name."""
    world = build()
    contract = world.contract(status="proposed")
    address = "/afnemer/de-kade/afspraken/{}/{}/"
    replies: list[tuple[int, str]] = []
    clients = []
    for index in range(ANSWERS):
        clients.append(Client())
        # Two hundred people: the same person twice would be thanked twice, and nothing done.
        user = world.colleague(world.kade, f"collega-{index}").user
        assert user is not None
        clients[-1].force_login(user)
        clients[-1].cookies["dipportal_language"] = "en"

    def press(index: int) -> None:
        answer = {"version": contract.version, "reason": f"Nee, van {index}."}
        route = "goedkeuren" if index % 3 else "afkeuren"
        reply = clients[index].post(address.format(contract.pk, route), answer)
        replies.append((reply.status_code, " ".join(unescape(reply.content.decode()).split())))

    all_at_once(press)
    assert Counter(status for status, _ in replies) == {302: 1, 409: ANSWERS - 1}
    contract.refresh_from_db()
    first = contract.answered_by
    assert first is not None
    sentence = f"This proposal was already {contract.status} by {first.get_full_name()}, "
    assert sum(sentence in page for status, page in replies if status == 409) == ANSWERS - 1
    mails = Counter(Email.objects.filter(kind=Kind.ANSWER).values_list("recipient", flat=True))
    assert set(mails.values()) == {1}


def test_two_next_versions_at_once_are_one() -> None:
    world = build()
    rejected = world.contract(status="rejected")
    start = threading.Barrier(8)
    outcomes: Counter[str] = Counter()

    def amend() -> None:
        mine = Contract.objects.get(pk=rejected.pk)
        start.wait()
        try:
            actions.amend(mine, actor=world.actors["agency_editor"])
            outcomes["made"] += 1
        except PortalError as refusal:
            outcomes[refusal.code] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=amend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"made": 1, "open_version": 7}
    assert rejected.children.count() == 1


def test_an_evening_cancelled_at_the_same_moment_is_never_proposed() -> None:
    """Either it was proposed first and cancelled then, or the proposal is refused; and nobody waits for ever."""
    world = build()
    editor = world.actors["agency_editor"]
    for performance in world.performances:
        contract = world.contract(performances=[performance])
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def run(act: Callable[[], object], start: threading.Barrier = start, said: list[str] = outcomes) -> None:
            start.wait()
            try:
                act()
            except PortalError as refusal:
                said.append(refusal.code)
            except Exception as failure:
                said.append(repr(failure))
            finally:
                connections.close_all()

        mine, gone = Contract.objects.get(pk=contract.pk), Performance.objects.get(pk=performance.pk)
        threads = [
            threading.Thread(target=run, args=(lambda mine=mine: actions.propose(mine, actor=editor),)),
            threading.Thread(target=run, args=(lambda gone=gone: catalogue.cancel_performance(gone, actor=editor),)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = list(Entry.objects.order_by("pk").values_list("code", flat=True))[-2:]
        first_proposed = (lines == ["contract.proposed", "performance.cancelled"], outcomes == [])
        refused = ("contract.proposed" not in lines, outcomes in (["cancelled"], ["stale"]))
        assert first_proposed == (True, True) or refused == (True, True), (lines, outcomes)
