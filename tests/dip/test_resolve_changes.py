"""Changed here and in DIP since both were the same: found by the push, told once, and sent or taken by a choice.

Against the sandbox, whose ledger says what was written and what was not.
"""

import pytest

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError, StaleState
from dipportal.dip.conflict_cases import case_of
from dipportal.dip.models import Operation, RemoteRecord
from dipportal.dip.models_conflict import Conflict
from dipportal.dip.resolve import resolve
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.outbox import actions as outbox
from tests.dip.pushed import Pushing, note_seen, rows
from tests.dip.test_push_catalogue import changed
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
UPDATE, PROPOSE = "contract.update", "contract.propose"
RECEIVER, PROVIDER = "editor@de-kade.example", "manager@impresariaat-noord.example"


def both_changed(world: World, pushing: Pushing) -> Contract:
    """Another remark of ours, and a share of 70 % in DIP."""
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.update_concept(
        contract,
        actor=world.actors["agency_editor"],
        seen_version=contract.version,
        terms={"remarks": "Van ons"},
    )
    pushing.dip.edit("contract", contract.dip_id or 0, properties={"partage_percentage": 70.0})
    pushing.drain()
    contract.refresh_from_db()
    assert rows(contract)[-1] == (UPDATE, "attention", "conflict")
    return contract


def both_changed_and_proposed(world: World, pushing: Pushing) -> Contract:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    pushing.dip.edit("contract", contract.dip_id or 0, properties={"partage_percentage": 70.0})
    actions.propose(contract, actor=world.actors["agency_editor"])
    pushing.drain()
    contract.refresh_from_db()
    assert rows(contract)[-1] == (PROPOSE, "attention", "conflict")
    return contract


def the_one() -> Conflict:
    found: Conflict = Conflict.objects.exclude(state="closed").get()
    return found


def choose(world: World, chosen: str) -> Conflict:
    conflict = the_one()
    return resolve(conflict, chosen, seen=case_of(conflict).token, actor=world.actors["agency_editor"])


def conflict_mails(recipient: str) -> int:
    return Email.objects.filter(recipient=recipient, kind=Kind.CONFLICT).count()


# --- agreements ------------------------------------------------------------------------------------------------
def test_it_is_told_once_to_the_provider_alone(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    for _again in range(2):
        outbox.retry(Operation.objects.get(kind=UPDATE), actor=world.actors["agency_editor"])
        pushing.drain()
    assert Conflict.objects.count() == 1
    assert (conflict_mails(PROVIDER), conflict_mails(RECEIVER)) == (1, 0)
    line = Entry.objects.get(code="contract.conflict")
    assert (line.audience, line.target_id, line.fields) == ("provider", str(contract.pk), {"kind": "changed"})


def test_both_states_stand_beside_each_other(world: World, pushing: Pushing) -> None:
    both_changed(world, pushing)
    sheet = case_of(the_one()).sheet()
    assert {row.name: row.cells for row in sheet.differing} == {
        "terms.provider_share": ("80\N{NO-BREAK SPACE}%", "70\N{NO-BREAK SPACE}%"),
        "terms.remarks": ("Van ons", "Speelduur 90 minuten zonder pauze."),
    }
    assert "terms.provider_guarantee" in {row.name for row in sheet.same}


def test_ours_go_over_what_was_shown(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    done = choose(world, "put")
    assert (done.state, done.choice) == ("closed", "put")
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, "done", "")
    sent = pushing.writes("/update")[-1]["body"]["properties"]
    assert (sent["partagePercentage"], sent["remarks"]) == (80.0, "Van ons")
    assert Entry.objects.get(code="contract.resolved").fields == {"kind": "changed.put"}


def test_ours_do_not_go_over_what_was_not_shown(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    first = the_one()
    pushing.dip.edit("contract", contract.dip_id or 0, properties={"partage_percentage": 60.0})
    choose(world, "put")
    pushing.drain()
    assert pushing.writes("/update") == []
    second = the_one()
    assert second.pk != first.pk
    assert case_of(second).sheet().differing[0].cells == ("80\N{NO-BREAK SPACE}%", "60\N{NO-BREAK SPACE}%")
    assert conflict_mails(PROVIDER) == 2, "a new conflict has its own mail"


def test_what_dip_has_is_taken_over_and_nothing_is_sent(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    choose(world, "take")
    pushing.drain()
    contract.refresh_from_db()
    assert (contract.provider_share, contract.remarks) == (70, "Speelduur 90 minuten zonder pauze.")
    assert contract.status == "concept"
    assert rows(contract)[-1] == (UPDATE, "abandoned", "chosen")
    assert pushing.writes("/update") == []
    assert "contract.followed" in Entry.objects.values_list("code", flat=True)


def test_after_taking_over_a_next_change_builds_on_what_dip_has(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    choose(world, "take")
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": "Later"}
    )
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, "done", "")
    assert pushing.writes("/update")[-1]["body"]["properties"]["partagePercentage"] == 70.0


def test_a_proposal_goes_out_with_our_terms(world: World, pushing: Pushing) -> None:
    contract = both_changed_and_proposed(world, pushing)
    choose(world, "put")
    pushing.drain()
    assert rows(contract)[-3:] == [(PROPOSE, "abandoned", "chosen"), (UPDATE, "done", ""), (PROPOSE, "done", "")]
    assert pushing.writes("/update")[-1]["body"]["properties"]["partagePercentage"] == 80.0
    assert len(pushing.writes("/propose")) == 1


def test_a_proposal_goes_out_with_the_terms_of_dip_and_the_theater_is_told(world: World, pushing: Pushing) -> None:
    contract = both_changed_and_proposed(world, pushing)
    assert conflict_mails(RECEIVER) == 0, "DIP's concept is the provider's"
    choose(world, "take")
    pushing.drain()
    contract.refresh_from_db()
    assert (contract.status, contract.provider_share) == ("proposed", 70)
    assert rows(contract)[-2:] == [(PROPOSE, "abandoned", "chosen"), (PROPOSE, "done", "")]
    assert pushing.writes("/update") == []
    assert len(pushing.writes("/propose")) == 1
    mail = Email.objects.get(recipient=RECEIVER, kind=Kind.CONFLICT)
    assert mail.event is not None
    assert (mail.event.code, mail.event.audience) == ("contract.resolved", "both")


def test_a_choice_while_the_change_is_under_way_again_is_refused(world: World, pushing: Pushing) -> None:
    both_changed(world, pushing)
    conflict = the_one()
    seen = case_of(conflict).token
    outbox.retry(Operation.objects.get(kind=UPDATE), actor=world.actors["agency_editor"])
    assert case_of(conflict).options == []
    Operation.objects.filter(kind=UPDATE).update(claimed_until="2100-01-01T00:00:00Z", claim_token="theirs")
    with pytest.raises(PortalError) as refused:
        resolve(conflict, "take", seen=seen, actor=world.actors["agency_editor"])
    assert refused.value.code == "no_choice"


def test_a_conflict_whose_change_came_through_is_over(world: World, pushing: Pushing) -> None:
    contract = both_changed(world, pushing)
    conflict = the_one()
    seen = case_of(conflict).token
    pushing.dip.edit("contract", contract.dip_id or 0, properties={"partage_percentage": 80.0})
    outbox.retry(Operation.objects.get(kind=UPDATE), actor=world.actors["agency_editor"])
    pushing.drain()
    conflict.refresh_from_db()
    assert conflict.state == "closed"
    with pytest.raises(StaleState):
        resolve(conflict, "put", seen=seen, actor=world.actors["agency_editor"])


# --- productions and performances ------------------------------------------------------------------------------
def moved_in_dip(world: World, pushing: Pushing) -> None:
    note_seen(world)
    first = world.performances[0]
    pushing.dip.edit("performance", first.number or 0, date="2027-01-09T20:00:00")
    changed(world, "performance.updated", first, private=True)
    pushing.drain()
    assert rows(first) == [("performance.update", "attention", "conflict")]


def test_a_performance_moved_in_dip_is_told_once_and_shown(world: World, pushing: Pushing) -> None:
    moved_in_dip(world, pushing)
    names = [row.name for row in case_of(the_one()).sheet().differing]
    assert names == ["starts_at", "private"]
    assert (conflict_mails(PROVIDER), conflict_mails(RECEIVER)) == (1, 0)
    mail = Email.objects.get(recipient=PROVIDER, kind=Kind.CONFLICT)
    assert "De Storm" in mail.subject
    assert Entry.objects.get(code="dip.conflict").audience == "provider"


def test_our_performance_goes_over_what_dip_has(world: World, pushing: Pushing) -> None:
    moved_in_dip(world, pushing)
    choose(world, "put")
    pushing.drain()
    assert rows(world.performances[0]) == [("performance.update", "done", "")]
    sent = pushing.dip.writes()[-1]["body"]
    assert sent["private"] is True
    assert not sent["date"].startswith("2027-01-09")


def test_the_performance_follows_dip(world: World, pushing: Pushing) -> None:
    moved_in_dip(world, pushing)
    contract = world.contract(performances=[world.performances[0]])
    choose(world, "take")
    pushing.drain()
    first = world.performances[0]
    first.refresh_from_db()
    contract.refresh_from_db()
    assert (first.starts_at.strftime("%Y-%m-%d"), first.private) == ("2027-01-09", False)
    assert contract.first_at == first.starts_at
    assert [write for write in pushing.dip.writes() if "/performances/" in write["path"]] == []
    assert {"performance.moved", "dip.resolved"} <= set(Entry.objects.values_list("code", flat=True))


@pytest.mark.parametrize("chosen", ["put", "take"])
def test_a_production_too(world: World, pushing: Pushing, chosen: str) -> None:
    note_seen(world)
    pushing.dip.edit("production", world.production.dip_id, title="De Storm, reprise")
    changed(world, "production.updated", world.production, title="De Grote Storm")
    pushing.drain()
    assert rows(world.production) == [("production.update", "attention", "conflict")]
    choose(world, chosen)
    pushing.drain()
    world.production.refresh_from_db()
    sent = [write["body"]["title"] for write in pushing.dip.writes()]
    if chosen == "put":
        assert (world.production.title, sent) == ("De Grote Storm", ["De Grote Storm"])
    else:
        assert (world.production.title, sent) == ("De Storm, reprise", [])
    assert RemoteRecord.objects.filter(kind="production", local_id=world.production.pk).count() == 1
