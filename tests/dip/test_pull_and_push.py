"""Both halves against one real sandbox: what was pushed is recognised, what was answered there arrives here."""

from typing import Any

import pytest

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection, Operation, RunState
from dipportal.journal.models import Entry
from dipportal.outbox.models import State
from tests.dip.pulling import pulled
from tests.dip.pushed import Pushing, new_performance
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_deal_from_concept_to_answer(world: World, pushing: Pushing, connection: Connection) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    pulled(connection)
    contract.refresh_from_db()
    pushing.dip.approve(contract.dip_id or 0)
    assert pulled(connection, "contracts").counts["answers"] == 1
    contract.refresh_from_db()
    assert (contract.status, contract.answer_source, contract.conflict_text) == ("approved", "dip", "")
    assert Contract.objects.count() == 1
    assert Production.objects.exclude(producer=world.rival_producer).count() == 1
    codes = list(Entry.objects.filter(target_kind="contracts.contract").order_by("pk").values_list("code", flat=True))
    assert codes == ["contract.created", "contract.proposed", "contract.approved"]
    pushing.until_settled()
    assert len(pushing.writes("/contracts")) == 2


def test_every_type_comes_back_as_it_went(world: World, pushing: Pushing, connection: Connection) -> None:
    """No difference is seen between what we sent and what DIP made of it."""
    given: dict[str, dict[str, Any]] = {
        "partage": {},
        "volume": {"tranches": [{"amount": 400000, "percentage": "100"}, {"amount": 99999999, "percentage": "50"}]},
        "buyout": {"buyout_amount": 450000},
        "suppletion": {"provider_share": "75", "suppletion_amount": 250000, "suppletion_guarantee": 450000},
        "rent": {"rent": 100000},
    }
    made = [world.contract(kind=kind, terms=terms) for kind, terms in given.items()]
    pushing.drain()
    run = pull.run(connection, "contracts")
    assert run.state == RunState.GOOD
    assert "changed" not in run.counts
    assert not Entry.objects.filter(code="contract.followed").exists()
    for contract in made:
        version = contract.version
        contract.refresh_from_db()
        assert (contract.version, contract.status) == (version, "concept")


@pytest.mark.parametrize("fault", ["drop-after", "status-after", "html200"])
def test_a_pull_settles_an_unclear_create(
    world: World, pushing: Pushing, connection: Connection, settings: Any, fault: str
) -> None:
    """The answer to the create never came; the pull meets the record, and nothing is created twice."""
    settings.DIP_SETTLE_SECONDS = 180.0
    pushing.dip.fault(fault, method="POST", path="/contracts/partage/create")
    contract = world.contract()
    pushing.drain()
    assert Operation.objects.get().state == State.UNCLEAR
    pulled(connection, "contracts")
    pushing.until_settled()
    pulled(connection, "contracts-full")
    contract.refresh_from_db()
    assert contract.dip_id is not None
    assert len(pushing.contracts) == Contract.objects.count() == 1


def test_a_pull_settles_an_unclear_performance(
    world: World, pushing: Pushing, connection: Connection, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 180.0
    pulled(connection, "catalogue")
    pushing.dip.fault("drop-after", method="POST", path="/performances$")
    evening = new_performance(world, world.actors["agency_editor"])
    pushing.drain()
    assert Operation.objects.get().state == State.UNCLEAR
    before = Performance.objects.count()
    pulled(connection, "catalogue")
    evening.refresh_from_db()
    assert evening.number is not None
    assert Performance.objects.count() == before
    pushing.until_settled()
    pulled(connection, "catalogue")
    assert Performance.objects.count() == before
    assert len(pushing.writes("/performances")) == 1


def test_an_amended_version_is_one_line_on_both_sides(world: World, pushing: Pushing, connection: Connection) -> None:
    first = world.contract(status="proposed")
    pushing.drain()
    first.refresh_from_db()
    pushing.dip.reject(first.dip_id or 0, "Te hoog.", ("is_provider_guarantee_rejected",))
    pulled(connection, "contracts")
    first.refresh_from_db()
    assert (first.status, first.rejected_terms) == ("rejected", ["provider_guarantee"])
    second = actions.amend(first, actor=world.actors["agency_editor"])
    actions.propose(second, actor=world.actors["agency_editor"])
    pushing.until_settled()
    pulled(connection, "contracts")
    second.refresh_from_db()
    pushing.dip.approve(second.dip_id or 0)
    pulled(connection, "contracts")
    second.refresh_from_db()
    assert (second.status, second.parent_id, second.number) == ("approved", first.pk, 2)
    assert Contract.objects.count() == 2
