"""A person's choice in a conflict of an agreement: what it writes here, what goes to DIP, and what stays untouched."""

from typing import Any

import pytest
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import NotAllowed, PortalError, StaleState
from dipportal.dip.conflict_cases import Case, case_of
from dipportal.dip.models import Connection, Operation, RemoteRecord
from dipportal.dip.models_conflict import Conflict
from dipportal.dip.resolve import resolve
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.outbox.models import CLOSED
from tests.dip.pulling import FakeDip, codes, pulled, pushed, touch
from tests.world import World

pytestmark = pytest.mark.django_db
RECEIVER, PROVIDER = "editor@de-kade.example", "manager@impresariaat-noord.example"


def the_one(kind: str) -> Conflict:
    found: Conflict = Conflict.objects.exclude(state="closed").get(kind=kind)
    return found


def choose(world: World, kind: str, chosen: str, who: str = "agency_editor") -> Conflict:
    conflict = the_one(kind)
    return resolve(conflict, chosen, seen=case_of(conflict).token, actor=world.actors[who])


def offered(conflict: Conflict) -> list[str]:
    return [option.code for option in case_of(conflict).options]


def other_terms(world: World, noord: Connection, fake: FakeDip, *, here: str, there: str) -> tuple[Contract, Any]:
    """Ours has a guarantee of € 6.500, DIP's of € 6.000, from the moment that both had it."""
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    if here == "approved":
        actions.approve(contract, actor=world.actors["kade_editor"])
    touch(raw, status=there, properties={"producer_warranty": 600000})
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert (contract.status, contract.provider_guarantee) == (here, 650000)
    assert contract.conflict_at is not None
    return contract, raw


def other_answers(world: World, noord: Connection, fake: FakeDip, *, here: str, there: str) -> tuple[Contract, Any]:
    contract = world.contract(status=here)
    raw = pushed(contract, fake, 10, status=there, reject_reason="Zaal is bezet." if there == "rejected" else "")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    return contract, raw


def pending() -> list[str]:
    return list(Operation.objects.exclude(state__in=CLOSED).order_by("pk").values_list("kind", flat=True))


def mailed(recipient: str, code: str) -> int:
    return Email.objects.filter(recipient=recipient, kind=Kind.CONFLICT, event__code=code).count()


def last_line() -> Entry:
    return Entry.objects.filter(code="contract.resolved").latest("pk")


# --- other terms -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("there", ["proposed", "approved"])
def test_the_terms_of_dip_become_those_of_the_proposal(
    world: World, noord: Connection, fake: FakeDip, there: str
) -> None:
    contract, _raw = other_terms(world, noord, fake, here="proposed", there=there)
    assert offered(the_one("terms")) == ["keep", "take"]
    done = choose(world, "terms", "take")
    contract.refresh_from_db()
    assert (contract.status, contract.provider_guarantee, contract.conflict_at) == (there, 600000, None)
    assert contract.answer_source == ("dip" if there == "approved" else "")
    assert (done.state, done.choice, done.decided_by) == ("closed", "take", world.people["agency_editor"])
    assert pending() == []
    line = last_line()
    assert (line.fields["kind"], line.user, line.audience) == ("terms.take", world.people["agency_editor"], "both")
    assert "6.500,00" in line.reason
    assert mailed(RECEIVER, "contract.resolved") == mailed(PROVIDER, "contract.resolved") == 1
    pulled(noord, "contracts-full")
    contract.refresh_from_db()
    assert (contract.status, contract.conflict_at) == (there, None), "both say the same, so nothing comes back"


def test_whoever_had_agreed_first_agreed_to_other_terms(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    Contract.objects.filter(pk=contract.pk).update(endorsed_at=timezone.now(), endorsed_by=world.people["kade_editor"])
    choose(world, "terms", "take")
    contract.refresh_from_db()
    assert contract.endorsed_by is None


@pytest.mark.parametrize("there", ["proposed", "approved"])
def test_what_was_agreed_is_not_changed_but_revised(world: World, noord: Connection, fake: FakeDip, there: str) -> None:
    contract, _raw = other_terms(world, noord, fake, here="approved", there=there)
    choose(world, "terms", "take")
    contract.refresh_from_db()
    following = contract.revisions.get()
    assert contract.provider_guarantee == 650000, "what was agreed stands in its version for ever"
    assert (following.provider_guarantee, following.dip_id, following.status) == (600000, 10, there)
    assert (contract.dip_id, contract.conflict_at) == (None, None)
    assert contract.status == ("revised" if there == "approved" else "approved")
    assert RemoteRecord.objects.get(remote_id="10").local_id == following.pk
    assert pending() == [], "DIP has it already"
    assert "contract.revised" in codes()
    pulled(noord, "contracts-full")
    assert Contract.objects.count() == 2
    assert not Contract.objects.exclude(conflict_at=None).exists()


@pytest.mark.parametrize(
    ("here", "there"), [("proposed", "proposed"), ("approved", "proposed"), ("approved", "approved")]
)
def test_ours_count_and_the_mark_stays_until_dip_says_the_same(
    world: World, noord: Connection, fake: FakeDip, here: str, there: str
) -> None:
    contract, raw = other_terms(world, noord, fake, here=here, there=there)
    done = choose(world, "terms", "keep")
    assert (done.state, done.choice) == ("decided", "keep")
    contract.refresh_from_db()
    assert (contract.status, contract.provider_guarantee) == (here, 650000)
    assert contract.conflict_at is not None
    assert pending() == [], "DIP lets nobody change what was proposed"
    assert mailed(RECEIVER, "contract.resolved") == 1
    pulled(noord, "contracts-full")
    assert the_one("terms").state == "decided", "the same difference is no new conflict"
    assert mailed(RECEIVER, "contract.conflict") == 1
    touch(raw, properties={"producer_warranty": 650000})
    pulled(noord, "contracts")
    done.refresh_from_db()
    assert done.state == "closed"
    contract.refresh_from_db()
    assert contract.conflict_at is None


def test_once_more_other_terms_in_dip_are_a_new_conflict_and_a_new_mail(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    _contract, raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    first = choose(world, "terms", "keep")
    touch(raw, properties={"producer_warranty": 550000})
    pulled(noord, "contracts")
    second = the_one("terms")
    first.refresh_from_db()
    assert (first.state, second.state, second.choice) == ("closed", "open", "")
    assert second.pk != first.pk
    assert mailed(RECEIVER, "contract.conflict") == 2


def test_ours_go_to_dip_as_a_revision(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = other_terms(world, noord, fake, here="approved", there="approved")
    assert offered(the_one("terms")) == ["keep", "revise", "take"]
    done = choose(world, "terms", "revise")
    following = contract.revisions.get()
    assert (following.status, following.provider_guarantee, following.dip_id) == ("concept", 650000, None)
    assert pending() == ["contract.create"], "which is DIP's revise, because it revises an approved one"
    assert Operation.objects.get(kind="contract.create", state="waiting").subject_id == following.pk
    assert done.state == "decided"
    assert offered(done) == ["keep"], "what is built on stays"
    actions.propose(following, actor=world.actors["agency_editor"])
    actions.approve(following, actor=world.actors["kade_editor"])
    done.refresh_from_db()
    contract.refresh_from_db()
    assert (done.state, contract.status, contract.conflict_at) == ("closed", "revised", None)


def test_a_concept_that_was_proposed_in_dip_with_other_terms_follows(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    """Changed here while somebody proposed it in DIP's dashboard: our change waits behind the choice."""
    contract = world.contract()
    raw = pushed(contract, fake, 10, status="concept")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], terms={"provider_guarantee": 700000},
        seen_version=contract.version,
    )  # fmt: skip
    touch(raw, status="proposed")
    pulled(noord, "contracts")
    assert pending() == ["contract.update"]
    conflict = the_one("terms")
    assert case_of(conflict).record is not None
    assert not Entry.objects.filter(code="contract.conflict", audience="both").exists()
    assert mailed(RECEIVER, "contract.conflict") == 0, "a concept is no concern of the theater's"
    choose(world, "terms", "take")
    contract.refresh_from_db()
    assert (contract.status, contract.provider_guarantee) == ("proposed", 650000)
    assert pending() == []


# --- another answer --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("here", "there"), [("approved", "rejected"), ("rejected", "approved")])
def test_the_answer_in_dip_counts(world: World, noord: Connection, fake: FakeDip, here: str, there: str) -> None:
    contract, _raw = other_answers(world, noord, fake, here=here, there=there)
    done = choose(world, "answers", "take")
    contract.refresh_from_db()
    assert (contract.status, contract.answer_source, contract.answered_by) == (there, "dip", None)
    assert contract.rejection_reason == ("Zaal is bezet." if there == "rejected" else "")
    assert (contract.conflict_at, done.state) == (None, "closed")
    assert last_line().fields == {"kind": "answers.take", "status": [here, there]}
    assert mailed(RECEIVER, "contract.resolved") == 1
    assert pending() == []
    pulled(noord, "contracts-full")
    contract.refresh_from_db()
    assert contract.status == there


@pytest.mark.parametrize(("here", "there"), [("approved", "rejected"), ("rejected", "approved")])
def test_the_answer_here_counts(world: World, noord: Connection, fake: FakeDip, here: str, there: str) -> None:
    contract, raw = other_answers(world, noord, fake, here=here, there=there)
    before = Contract.objects.filter(pk=contract.pk).values().get()
    done = choose(world, "answers", "keep")
    assert Contract.objects.filter(pk=contract.pk).values().get() == before
    assert (done.state, pending()) == ("decided", [])
    mail = Email.objects.get(recipient=RECEIVER, event__code="contract.resolved")
    assert mail.subject.startswith(("Geef hetzelfde antwoord in DIP", "Give the same answer in DIP"))
    touch(raw, status=here, reject_reason="")
    pulled(noord, "contracts")
    done.refresh_from_db()
    assert done.state == "closed"


def test_a_yes_that_gives_way_puts_the_version_before_in_force_again(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    actions.propose(revision, actor=world.actors["agency_editor"])
    actions.approve(revision, actor=world.actors["kade_editor"])
    pushed(revision, fake, 11, status="rejected", reject_reason="Toch niet.")
    pulled(noord, "contracts")
    choose(world, "answers", "take")
    agreed.refresh_from_db()
    revision.refresh_from_db()
    assert (agreed.status, revision.status) == ("approved", "rejected")


def test_a_later_version_keeps_the_answer(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = other_answers(world, noord, fake, here="rejected", there="approved")
    actions.amend(contract, actor=world.actors["agency_editor"])
    assert offered(the_one("answers")) == ["keep"]
    with pytest.raises(PortalError) as refused:
        choose(world, "answers", "take")
    assert refused.value.code == "no_choice"
    contract.refresh_from_db()
    assert contract.status == "rejected"


def test_a_withdrawn_proposal_that_was_approved_in_dip_can_stand_again(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    contract = world.contract(status="proposed")
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    contract.refresh_from_db()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    touch(raw, status="approved")
    pulled(noord, "contracts")
    choose(world, "answers", "take")
    contract.refresh_from_db()
    assert (contract.status, contract.answer_source, contract.conflict_at) == ("approved", "dip", None)


# --- gone from DIP ---------------------------------------------------------------------------------------------
def vanished(world: World, noord: Connection, fake: FakeDip, status: str) -> tuple[Contract, Any]:
    contract = world.contract(status=status)
    raw = pushed(contract, fake, 10, status=status)
    pulled(noord, "contracts")
    fake.contracts.remove(raw)
    pulled(noord, "contracts-full")
    contract.refresh_from_db()
    return contract, raw


def test_what_is_gone_is_told_once_and_known_until_it_is_back(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, raw = vanished(world, noord, fake, "approved")
    pulled(noord, "contracts-full")
    assert mailed(PROVIDER, "contract.conflict") == mailed(RECEIVER, "contract.conflict") == 1
    conflict = the_one("vanished")
    record = case_of(conflict).record
    assert record is not None
    assert record.raw["id"] == 10, "as it was last seen"
    assert offered(conflict) == ["known"]
    done = choose(world, "vanished", "known")
    assert (done.state, pending()) == ("decided", [])
    pulled(noord, "contracts-full")
    assert the_one("vanished").pk == done.pk
    fake.contracts.append(raw)
    pulled(noord, "contracts-full")
    done.refresh_from_db()
    contract.refresh_from_db()
    assert (done.state, contract.missing_since) == ("closed", None)
    fake.contracts.remove(raw)
    pulled(noord, "contracts-full")
    assert the_one("vanished").pk != done.pk, "gone again is a new conflict"
    assert mailed(PROVIDER, "contract.conflict") == 2


def test_a_concept_that_is_gone_is_entered_anew(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = vanished(world, noord, fake, "concept")
    assert mailed(RECEIVER, "contract.conflict") == 0
    assert offered(the_one("vanished")) == ["known", "anew", "give_up"]
    choose(world, "vanished", "anew")
    contract.refresh_from_db()
    assert (contract.dip_id, contract.missing_since, contract.status) == (None, None, "concept")
    assert pending() == ["contract.create"]
    assert RemoteRecord.objects.get(remote_id="10").local_id is None


def test_a_concept_that_is_gone_is_given_up(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = vanished(world, noord, fake, "concept")
    done = choose(world, "vanished", "give_up")
    contract.refresh_from_db()
    assert contract.discarded_at is not None
    assert (done.state, done.choice, pending()) == ("closed", "give_up", [])
    pulled(noord, "contracts-full")
    assert not Conflict.objects.exclude(state="closed").exists()


# --- twice in DIP ----------------------------------------------------------------------------------------------
def doubled(world: World, noord: Connection, fake: FakeDip, first: str, second: str) -> tuple[Contract, Contract]:
    contract = world.contract(status=first)
    raw = pushed(contract, fake, 10, status=first)
    pulled(noord, "contracts")
    twin = {**raw, "id": 11, "status": second, "properties": dict(raw["properties"])}
    fake.contracts.append(twin)
    pulled(noord, "contracts")
    return contract, Contract.objects.get(dip_id=11)


@pytest.mark.parametrize(("first", "second"), [
    ("concept", "concept"), ("proposed", "concept"), ("approved", "proposed"), ("concept", "proposed"),
])  # fmt: skip
def test_the_one_that_counts_stays_and_the_other_is_put_aside(
    world: World, noord: Connection, fake: FakeDip, first: str, second: str
) -> None:
    one, other = doubled(world, noord, fake, first, second)
    conflict = the_one("double")
    assert mailed(PROVIDER, "contract.conflict") == 1
    assert mailed(RECEIVER, "contract.conflict") == 0, "the provider clears it up"
    before = Contract.objects.filter(pk=one.pk).values().get()
    done = choose(world, "double", f"this:{one.pk}")
    assert Contract.objects.filter(pk=one.pk).values().get() == before
    other.refresh_from_db()
    assert (other.status, other.dip_id) == ("concept", 11), "nothing is deleted in DIP"
    assert other.discarded_at is not None
    assert ("contract.withdrawn" in codes()) == (second == "proposed")
    assert pending() == []
    assert done.choice == "this"
    pulled(noord, "contracts-full")
    assert not Conflict.objects.filter(state="open").exists(), "what was chosen is no alarm any more"
    done.refresh_from_db()
    assert offered(done) == []
    assert conflict.pk == done.pk


def test_what_was_put_aside_and_proposed_in_dip_all_the_same_is_a_new_conflict(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    one, other = doubled(world, noord, fake, "proposed", "concept")
    done = choose(world, "double", f"this:{one.pk}")
    touch(fake.contracts[-1], status="proposed")
    pulled(noord, "contracts")
    other.refresh_from_db()
    assert (other.status, other.discarded_at) == ("proposed", None), "the theater sees it in DIP"
    again = the_one("double")
    assert (again.state, again.pk != done.pk) == ("open", True)
    assert mailed(PROVIDER, "contract.conflict") == 2


def test_what_was_double_before_the_first_pull_is_listed_and_mailed_to_nobody(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    evening = fake.contract(20)["performances"]
    fake.contract(21, performances=evening)
    pulled(noord, "contracts")
    assert the_one("double").state == "open"
    pulled(noord, "contracts-full")
    assert the_one("double").state == "open"
    assert mailed(PROVIDER, "contract.conflict") == 0


def test_what_only_looks_double_is_left(world: World, noord: Connection, fake: FakeDip) -> None:
    one, other = doubled(world, noord, fake, "approved", "approved")
    assert offered(the_one("double")) == ["both"], "of two that were answered none is put aside"
    choose(world, "double", "both")
    assert [Contract.objects.get(pk=row.pk).status for row in (one, other)] == ["approved", "approved"]
    run = pulled(noord, "contracts-full")
    assert run.counts.get("duplicates", 0) == 0
    assert the_one("double").state == "decided"


# --- who, when, and nothing silently ---------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["agency_viewer", "rival_editor", "rival_manager", "kade_manager", "haven_editor"])
def test_only_an_editor_of_the_provider_chooses(world: World, noord: Connection, fake: FakeDip, who: str) -> None:
    contract, _raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    before = Contract.objects.filter(pk=contract.pk).values().get()
    with pytest.raises(NotAllowed):
        choose(world, "terms", "take", who)
    assert Contract.objects.filter(pk=contract.pk).values().get() == before
    assert the_one("terms").state == "open"


def between_pull(world: World, noord: Connection, contract: Contract, raw: dict[str, Any]) -> None:
    touch(raw, properties={"producer_warranty": 550000})
    pulled(noord, "contracts")


def between_receiver(world: World, noord: Connection, contract: Contract, raw: dict[str, Any]) -> None:
    contract.refresh_from_db()
    actions.approve(contract, actor=world.actors["kade_editor"])


def between_colleague(world: World, noord: Connection, contract: Contract, raw: dict[str, Any]) -> None:
    choose(world, "terms", "keep", "agency_manager")


def between_settled(world: World, noord: Connection, contract: Contract, raw: dict[str, Any]) -> None:
    touch(raw, properties={"producer_warranty": 650000})
    pulled(noord, "contracts")


@pytest.mark.parametrize("between", [between_pull, between_receiver, between_colleague, between_settled])
def test_a_choice_on_what_is_no_longer_so_is_refused(
    world: World, noord: Connection, fake: FakeDip, between: Any
) -> None:
    """The pull, the theater or a colleague came between the page and the button."""
    contract, raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    conflict = the_one("terms")
    seen = case_of(conflict).token
    between(world, noord, contract, raw)
    before = Contract.objects.filter(pk=contract.pk).values().get()
    lines, mails = Entry.objects.count(), Email.objects.count()
    with pytest.raises(StaleState):
        resolve(conflict, "take", seen=seen, actor=world.actors["agency_editor"])
    assert Contract.objects.filter(pk=contract.pk).values().get() == before
    assert (Entry.objects.count(), Email.objects.count(), pending()) == (lines, mails, [])


def test_the_pull_that_comes_between_reading_and_writing_wins(
    world: World, noord: Connection, fake: FakeDip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the case was read and before the row is claimed: the conditional UPDATE finds another version."""
    contract, _raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    conflict = the_one("terms")
    seen = case_of(conflict).token

    def read_and_be_overtaken(row: Conflict) -> Case:
        case = case_of(row)
        Conflict.objects.filter(pk=row.pk).update(version=row.version + 1)
        return case

    monkeypatch.setattr("dipportal.dip.resolve.case_of", read_and_be_overtaken)
    with pytest.raises(StaleState):
        resolve(conflict, "take", seen=seen, actor=world.actors["agency_editor"])
    contract.refresh_from_db()
    assert contract.provider_guarantee == 650000
    assert "contract.resolved" not in codes()


def test_choosing_again_is_no_second_choice(world: World, noord: Connection, fake: FakeDip) -> None:
    other_terms(world, noord, fake, here="proposed", there="proposed")
    conflict = the_one("terms")
    seen = case_of(conflict).token
    for _press in range(2):
        resolve(conflict, "keep", seen=seen, actor=world.actors["agency_editor"])
    assert codes().count("contract.resolved") == 1
    assert mailed(RECEIVER, "contract.resolved") == 1


def test_one_may_think_better_of_it(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    choose(world, "terms", "keep")
    assert offered(the_one("terms")) == ["take"]
    choose(world, "terms", "take")
    contract.refresh_from_db()
    assert contract.provider_guarantee == 600000


def test_a_withdrawn_proposal_has_no_conflict_about_its_terms(world: World, noord: Connection, fake: FakeDip) -> None:
    contract, _raw = other_terms(world, noord, fake, here="proposed", there="proposed")
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    contract.refresh_from_db()
    assert contract.conflict_at is None
    assert not Conflict.objects.exclude(state="closed").exists()
