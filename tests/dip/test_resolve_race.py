"""Many who choose at once, and the pull and the theater at that very moment: one choice, one line, one mail each."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError
from dipportal.dip import pull
from dipportal.dip.conflict_cases import case_of
from dipportal.dip.conflicts import put_down
from dipportal.dip.models import Connection
from dipportal.dip.models_conflict import Conflict, ConflictKind
from dipportal.dip.resolve import resolve
from dipportal.journal.models import Entry
from dipportal.notifications.models import Email
from tests.dip.pulling import FakeDip, pulled, pushed, touch
from tests.world import World, build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def together(*jobs: Callable[[], Any]) -> Counter[str]:
    """Run these at the same moment; how each ended: 'done', or the code of its refusal."""
    start, ended = threading.Barrier(len(jobs)), Counter[str]()

    def run(job: Callable[[], Any]) -> None:
        start.wait()
        try:
            job()
            ended["done"] += 1
        except PortalError as refusal:
            ended[refusal.code] += 1
        except Exception as broken:
            ended[type(broken).__name__] += 1
            raise
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def unlike(world: World, fake: FakeDip) -> tuple[Contract, Connection]:
    noord = Connection.objects.create(organisation=world.agency, client_id="noord", secret_encrypted="")
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    touch(raw, properties={"producer_warranty": 600000})
    pulled(noord, "contracts")
    return contract, noord


@pytest.fixture
def dip(monkeypatch: pytest.MonkeyPatch) -> FakeDip:
    fake = FakeDip()
    monkeypatch.setattr(pull, "Client", fake)
    return fake


def chooses(world: World, who: str, chosen: str) -> Callable[[], Any]:
    conflict = Conflict.objects.exclude(state="closed").get()
    seen = case_of(conflict).token
    return lambda: resolve(Conflict.objects.get(pk=conflict.pk), chosen, seen=seen, actor=world.actors[who])


def test_of_many_choices_at_once_one_counts(dip: FakeDip) -> None:
    world = build()
    contract, _noord = unlike(world, dip)
    jobs = [
        chooses(world, "agency_manager" if number % 2 else "agency_editor", "take" if number % 3 else "keep")
        for number in range(24)
    ]
    ended = together(*jobs)
    lines = Entry.objects.filter(code="contract.resolved")
    line = lines.get()
    # Whoever pressed the winning button twice is thanked twice, and nothing is done twice.
    assert ended["done"] >= 1
    assert set(ended) <= {"done", "stale"}
    contract.refresh_from_db()
    taken = line.fields["kind"] == "terms.take"
    assert contract.provider_guarantee == (600000 if taken else 650000)
    mails = Counter(Email.objects.filter(event=line).values_list("recipient", flat=True))
    assert set(mails.values()) == {1}


def test_a_choice_and_the_theater_s_answer_at_once_never_make_a_yes_to_other_terms(dip: FakeDip) -> None:
    world = build()
    contract, _noord = unlike(world, dip)
    ours = Contract.objects.get(pk=contract.pk)
    ended = together(
        chooses(world, "agency_editor", "take"),
        lambda: actions.approve(ours, actor=world.actors["kade_editor"], seen_version=ours.version),
    )
    assert ended == {"done": 1, "stale": 1}
    contract.refresh_from_db()
    assert (contract.status, contract.provider_guarantee) in {("approved", 650000), ("proposed", 600000)}


def test_a_choice_and_a_pull_at_once_overwrite_nothing(dip: FakeDip) -> None:
    """DIP says € 5.500 by now. Taking € 6.000 either came first, and is flagged again, or is refused."""
    world = build()
    contract, noord = unlike(world, dip)
    job = chooses(world, "agency_editor", "take")
    touch(dip.contracts[0], properties={"producer_warranty": 550000})
    ended = together(job, lambda: pull.run(noord, "contracts"))
    contract.refresh_from_db()
    assert contract.provider_guarantee == (600000 if ended["done"] == 2 else 650000)
    pulled(noord, "contracts")
    again = Conflict.objects.exclude(state="closed").get()
    assert "5.500,00" in again.text
    assert again.state == "open"


def test_two_finders_at_once_make_one_conflict() -> None:
    world = build()
    contract = world.contract()
    found: list[Conflict | None] = []
    subject = ("contract", contract.pk)

    def find() -> None:
        with transaction.atomic():
            found.append(put_down(world.agency, ConflictKind.CHANGED, subject, text="x", seen="y"))

    assert together(*[find] * 8) == {"done": 8}
    assert len([row for row in found if row is not None]) == 1
    assert Conflict.objects.count() == 1
