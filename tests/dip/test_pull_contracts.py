"""Agreements from DIP: found, followed, answered; conflicts, versions, stubs, faults, missing marks."""

from typing import Any

import pytest
from django.utils import translation

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import actions
from dipportal.contracts.enums import AnswerSource
from dipportal.contracts.models import Contract
from dipportal.dip import wire
from dipportal.dip.models import Connection, Kind, Operation, RemoteRecord, RunState, SyncRun
from dipportal.journal.models import ActorKind, Entry
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.pulling import FakeDip, codes, golden, pulled, pushed, touch
from tests.world import World


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


# --- found -------------------------------------------------------------------------------------------------------
def test_all_golden_samples_arrive_whole(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contracts = golden("contracts")
    run = pulled(noord, "contracts")
    assert run.counts["new"] == len(fake.contracts)
    for raw in golden("contracts"):
        row = Contract.objects.get(dip_id=raw["id"])
        kept = RemoteRecord.objects.get(kind="contract", remote_id=str(raw["id"]))
        assert kept.raw == raw
        assert kept.local_id == row.pk
        assert row.own_reference == raw["name"]
        for term in row.terms:
            member = wire.MEMBERS[term.name]
            if member in raw["properties"]:
                assert wire._written(term, term.value(row)) == raw["properties"][member], term.name
        assert set(row.performances.values_list("number", flat=True)) == {one["number"] for one in raw["performances"]}
    rejected = Contract.objects.get(dip_id=198004)
    assert rejected.rejection_reason == "Tweede staffel graag op 60%."
    assert rejected.rejected_terms == ["tranches", "service_surcharge"]
    assert rejected.answer_source == AnswerSource.DIP
    assert codes() == []


def test_the_three_golden_versions_are_one_line(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contracts = golden("contracts")
    pulled(noord, "contracts")
    root, draft, proposal = (Contract.objects.get(dip_id=number) for number in (200761, 200762, 231775))
    assert [one.root_id for one in (root, draft, proposal)] == [root.pk] * 3
    assert [one.number for one in (root, draft, proposal)] == [1, 2, 3]
    # A concept was never shared, so the proposal follows the approved version, as DIP says.
    assert [one.parent_id for one in (root, draft, proposal)] == [None, root.pk, root.pk]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_versions_find_each_other_in_any_order_of_arrival(
    world: World, noord: Connection, fake: FakeDip, order: tuple[int, ...]
) -> None:
    versions = golden("contracts")[:3]
    for index in order:
        fake.contracts.append(versions[index])
        pulled(noord, "contracts-full")
    line = Contract.objects.filter(dip_id__in=[200761, 200762, 231775]).order_by("number")
    assert [(one.dip_id, one.number) for one in line] == [(200761, 1), (200762, 2), (231775, 3)]
    assert {one.root_id for one in line} == {line[0].pk}


def test_a_chain_of_parents_is_one_line_too(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10, status="revised", childIds=[11])
    fake.contract(12, status="proposed", parentId=11)
    pulled(noord, "contracts-full")
    fake.contract(11, status="approved", parentId=10, childIds=[12])
    pulled(noord, "contracts-full")
    line = list(Contract.objects.filter(dip_id__in=[10, 11, 12]).order_by("number"))
    assert [one.dip_id for one in line] == [10, 11, 12]
    assert [one.parent_id for one in line] == [None, line[0].pk, line[1].pk]
    assert {one.root_id for one in line} == {line[0].pk}


def test_a_second_revision_follows_the_first_though_dip_points_to_the_root(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    fake.contract(10, status="revised", childIds=[11, 12])
    fake.contract(11, status="approved", parentId=10)
    fake.contract(12, status="proposed", parentId=10)
    pulled(noord, "contracts")
    assert Contract.objects.get(dip_id=12).parent == Contract.objects.get(dip_id=11)


def test_a_circle_of_parents_hangs_nobody(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10, parentId=11, childIds=[11])
    fake.contract(11, parentId=10, childIds=[10])
    pulled(noord, "contracts")
    assert Contract.objects.filter(dip_id__in=[10, 11]).count() == 2


def test_an_amended_version_of_ours_keeps_its_place(world: World, noord: Connection, fake: FakeDip) -> None:
    first = world.contract(status="rejected")
    second = actions.amend(first, actor=world.actors["agency_editor"])
    pushed(first, fake, 10, status="rejected", reject_reason="De garantie is te hoog.")
    pushed(second, fake, 11, parentId=99)
    pulled(noord, "contracts")
    second.refresh_from_db()
    assert (second.root_id, second.parent_id, second.number, second.dip_id) == (first.pk, first.pk, 2, 11)
    assert Contract.objects.count() == 2


def test_unknown_productions_and_performances_become_stubs(world: World, noord: Connection, fake: FakeDip) -> None:
    raw = golden("contracts")[3]
    raw["production"] = {"id": "NL-19-123-00042", "title": "Lang geleden"}
    raw["theater"] = {"id": 4321, "name": "Theater Onbekend"}
    raw["performances"] = [
        {"number": 10700001, "date": "2020-05-12T20:15:00"},
        {"number": 10700002, "date": "2020-05-13T20:15:00"},
    ]
    fake.contracts = [raw]
    run = pulled(noord, "contracts")
    assert run.counts["stubs"] == 3
    stub = Production.objects.get(dip_id="NL-19-123-00042")
    assert (stub.title, stub.season, stub.producer_id) == ("Lang geleden", "", 123)
    assert stub.performances.count() == 2
    assert not Theater.objects.get(pk=4321).dip_member
    # Later the catalogue fills it in, without a line: nothing happened to it.
    record = {**golden("productions")[0], "id": stub.dip_id, "title": "Lang geleden", "season": "2019-2020"}
    play = {**golden("performances")[0], "id": 10700001, "number": 10700001, "date": "2020-05-12T19:00:00"}
    play.update(production={"id": stub.dip_id, "title": "Lang geleden"}, theater=raw["theater"])
    fake.productions[123], fake.performances[stub.dip_id] = [record], [play]
    pulled(noord, "catalogue")
    stub.refresh_from_db()
    assert (stub.season, stub.genre_id) == ("2019-2020", 4)
    assert Performance.objects.get(number=10700001).hall_id == 57
    assert codes() == []


# --- which row is it ---------------------------------------------------------------------------------------------
def test_a_record_with_our_reference_is_ours(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(parties={"own_reference": "Boeking 7"})
    lines = codes()
    pushed(contract, fake, 10)
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.dip_id == 10
    assert contract.own_reference == "Boeking 7"
    assert Contract.objects.count() == 1
    assert codes() == lines


def test_the_reference_of_another_organisation_is_not_ours(world: World, noord: Connection, fake: FakeDip) -> None:
    foreign = world.rival_contract()
    fake.contract(10, name=foreign.reference)
    pulled(noord, "contracts")
    foreign.refresh_from_db()
    assert foreign.dip_id is None
    assert Contract.objects.get(dip_id=10).provider == world.agency


@pytest.mark.parametrize("order", ["answer first", "page first", "page read, answer stored, page applied"])
def test_one_row_whatever_comes_first(world: World, noord: Connection, fake: FakeDip, order: str) -> None:
    """Rule 9: the answer to our create and the page of the pull meet in every order."""
    contract = world.contract()
    pushed(contract, fake, 10)

    def answer_stored(path: str = "") -> None:
        Contract.objects.filter(pk=contract.pk, dip_id=None).update(dip_id=10)

    if order == "answer first":
        answer_stored()
    elif order.startswith("page read"):
        fake.on_read = answer_stored
    pulled(noord, "contracts")
    answer_stored()
    assert list(Contract.objects.values_list("pk", "dip_id")) == [(contract.pk, 10)]


# --- followed ----------------------------------------------------------------------------------------------------
def test_a_concept_changed_in_dip_is_followed(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract()
    raw = pushed(contract, fake, 10)
    pulled(noord, "contracts")
    touch(raw, contact_theater="nieuw@kade.example", properties={"producer_warranty": 500000, "theater_fee": 250})
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert (contract.provider_guarantee, contract.theater_surcharge) == (500000, 250)
    assert contract.contact_receiver == "nieuw@kade.example"
    line = Entry.objects.get(code="contract.followed")
    assert line.actor_kind == ActorKind.PULL
    assert line.fields["provider_guarantee"] == [650000, 500000]
    assert not Operation.objects.exists()


def test_a_change_here_that_was_not_sent_wins(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract()
    raw = pushed(contract, fake, 10)
    pulled(noord, "contracts")
    contract.refresh_from_db()
    actions.update_concept(
        contract,
        actor=world.actors["agency_editor"],
        seen_version=contract.version,
        terms={"provider_guarantee": 700000},
    )
    assert Operation.objects.filter(kind=Kind.CONTRACT_UPDATE).exists()
    touch(raw, properties={"producer_warranty": 500000})
    run = pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.provider_guarantee == 700000
    assert run.counts["deferred"] == 1
    # Given up: the record comes up again, though nothing changed in DIP, and is followed.
    Operation.objects.update(state=State.ABANDONED)
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.provider_guarantee == 500000


def test_no_guarantee_and_a_guarantee_of_zero_are_the_same(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(terms={"provider_guarantee": None, "standing_agreement": None})
    raw = pushed(contract, fake, 10)
    assert raw["properties"]["producer_warranty"] == 0
    version = contract.version
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.version == version
    assert "contract.followed" not in codes()


# --- answered ----------------------------------------------------------------------------------------------------
def test_a_proposal_found_in_dip_is_told_once(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract()
    raw = pushed(contract, fake, 10)
    pulled(noord, "contracts")
    touch(raw, status="proposed")
    assert pulled(noord, "contracts").counts["proposals"] == 1
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "proposed"
    assert codes().count("contract.proposed") == 1
    assert not Operation.objects.exists()


def test_an_answer_found_is_an_answer_with_one_line(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    touch(raw, status="approved")
    assert pulled(noord, "contracts").counts["answers"] == 1
    pulled(noord, "contracts")
    pulled(noord, "contracts-full")
    contract.refresh_from_db()
    assert (contract.status, contract.answer_source) == ("approved", AnswerSource.DIP)
    assert codes().count("contract.approved") == 1
    assert Entry.objects.get(code="contract.approved").actor_kind == ActorKind.PULL


def test_a_rejection_found_brings_reason_and_fields(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    flags = {**raw["rejection_fields"], "is_provider_guarantee_rejected": True, "is_start_time_rejected": True}
    touch(raw, status="rejected", reject_reason="Te hoog.", rejection_fields=flags)
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "rejected"
    assert contract.rejection_reason == "Te hoog."
    assert contract.rejected_terms == ["provider_guarantee", "start_time"]


def test_a_rejection_without_a_reason_counts_too(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    pushed(contract, fake, 10, status="rejected", reject_reason="")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "rejected"


def test_the_same_answer_in_dip_is_agreement(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="approved")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    touch(raw, status="approved")
    lines = codes()
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.conflict_at is None
    assert contract.answer_source == AnswerSource.PORTAL
    assert RemoteRecord.objects.get(remote_id="10").status == "approved"
    assert codes() == lines


@pytest.mark.parametrize(("here", "there"), [("approved", "rejected"), ("rejected", "approved")])
def test_another_answer_in_dip_is_a_conflict_and_overwrites_nothing(
    world: World, noord: Connection, fake: FakeDip, here: str, there: str
) -> None:
    contract = world.contract(status=here)
    pushed(contract, fake, 10, status=there, reject_reason="Zaal is bezet." if there == "rejected" else "")
    before = Contract.objects.filter(pk=contract.pk).values("status", "rejection_reason", "answered_at").get()
    assert pulled(noord, "contracts").counts["conflicts"] == 1
    pulled(noord, "contracts-full")
    contract.refresh_from_db()
    assert Contract.objects.filter(pk=contract.pk).values(*before).get() == before
    assert contract.conflict_at is not None
    assert here in contract.conflict_text.lower()
    assert there in contract.conflict_text.lower()
    assert codes().count("contract.conflict") == 1


def test_a_conflict_that_dip_took_back_is_settled(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="approved")
    raw = pushed(contract, fake, 10, status="rejected", reject_reason="Zaal is bezet.")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.conflict_at is not None
    touch(raw, status="approved", reject_reason="")
    assert pulled(noord, "contracts").counts["settled"] == 1
    contract.refresh_from_db()
    assert (contract.status, contract.conflict_at, contract.conflict_text) == ("approved", None, "")
    assert codes().count("contract.settled") == 1


def test_a_concept_found_in_dip_is_as_old_as_dip_says(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contracts = [raw for raw in golden("contracts") if raw["status"] == "concept"]
    fake.contracts[0]["modified"] = "2026-01-05T10:00:00"
    pulled(noord, "contracts")
    assert Contract.objects.get(dip_id=fake.contracts[0]["id"]).created_at.date().isoformat() == "2026-01-05"


def test_withdrawn_here_and_still_proposed_in_dip_stays_withdrawn(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    touch(raw, contact_theater="ander@kade.example")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "concept"
    touch(raw, status="approved")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "concept"
    assert "withdrawn" in contract.conflict_text


def test_other_terms_in_an_approved_record_are_shown_not_taken(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    touch(raw, status="approved", properties={"producer_warranty": 600000})
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "proposed"
    assert contract.provider_guarantee == 650000
    assert "6.500,00" in contract.conflict_text
    assert "6.000,00" in contract.conflict_text


def test_revised_in_dip_follows(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="approved")
    pushed(contract, fake, 10, status="revised")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.status == "revised"


# --- over real HTTP ------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_answers_given_in_the_dashboard_arrive(remote: server.Admin, agency: Connection) -> None:
    pulled(agency)
    open_ones = list(Contract.objects.filter(status="proposed").order_by("dip_id"))
    yes, no = open_ones[0].dip_id, open_ones[1].dip_id
    assert yes is not None
    assert no is not None
    remote.approve(yes)
    remote.reject(no, "Te duur", ("is_ticket_price_rejected",))
    run = pulled(agency, "contracts")
    assert run.counts["answers"] == 2
    assert Contract.objects.get(dip_id=yes).status == "approved"
    assert Contract.objects.get(dip_id=no).rejected_terms == ["entrance_prices", "settlement_prices"]
    assert sorted(codes()) == ["contract.approved", "contract.rejected"]
    assert SyncRun.objects.filter(state=RunState.GOOD).count() == 4
