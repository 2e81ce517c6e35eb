"""Rule 13: many answers at once, one wins; the losers are told and write nothing."""

import threading
from collections import Counter

import pytest
from django.db import connection, connections

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError
from dipportal.journal.models import Entry
from tests.world import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
ANSWERS = 40


def test_of_many_answers_at_once_one_wins() -> None:
    assert connection.vendor == "postgresql"
    world = build()
    contract = world.contract(status="proposed")
    start = threading.Barrier(ANSWERS)
    outcomes: Counter[str] = Counter()

    def answer(index: int) -> None:
        actor = world.actors["kade_editor" if index % 2 else "kade_manager"]
        mine = Contract.objects.get(pk=contract.pk)
        start.wait()
        try:
            if index % 3:
                actions.approve(mine, actor=actor)
            else:
                actions.reject(mine, actor=actor, reason="Nee.")
            outcomes["won"] += 1
        except PortalError as refusal:
            outcomes[refusal.code] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer, args=(index,)) for index in range(ANSWERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"won": 1, "stale": ANSWERS - 1}
    assert Entry.objects.filter(code__in=("contract.approved", "contract.rejected")).count() == 1


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
