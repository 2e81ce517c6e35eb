"""Agreements to DIP: create, update, propose. Found again by our reference, which travels as DIP's `name`."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME
from dipportal.core.dates import moment
from dipportal.dip import operations, state, wire
from dipportal.dip.models import Kind
from dipportal.dip.pushing import (
    HOUR,
    Stop,
    Work,
    already,
    conflicting,
    gone,
    look,
    must_be_current,
    must_know_production,
    must_still_be_ours,
    no_id,
    not_coming,
    one_of,
    only_match,
    send,
    settled,
    wait_out,
    waits,
)
from dipportal.dip.records import ContractRecord, Parsed
from dipportal.dip.state import Form
from dipportal.outbox.drain import Outcome, abandoned, attention, done

# A yes in DIP's dashboard is a person's work: looked for twice an hour.
REVISED_WAIT = HOUR / 2


@dataclass(frozen=True)
class Subject:
    """The agreement as it is now, with the numbers that DIP knows it by."""

    contract: Contract
    production_id: str
    numbers: tuple[int, ...]

    @property
    def form(self) -> Form:
        return state.wanted_contract(self.contract, production_id=self.production_id, numbers=self.numbers)

    @property
    def body(self) -> dict[str, Any]:
        return wire.body_for_contract(self.contract, production_id=self.production_id, numbers=self.numbers)

    @property
    def list_path(self) -> str:
        return wire.contracts_of_production_path(self.production_id)


def _contract(work: Work) -> Contract:
    found = (
        Contract.objects.select_related("production", "theater", "provider", "revises")
        .filter(pk=work.row.subject_id)
        .first()
    )
    if found is None:
        raise Stop(gone())
    return found


def _subject(work: Work, contract: Contract) -> Subject:
    """Stop while DIP does not know the production or one of the performances."""
    performances = list(contract.performances.order_by("number", "pk"))
    production = contract.production
    must_know_production(work, production)
    without = {performance.pk: performance for performance in performances if performance.number is None}
    never = not_coming(work, Kind.PERFORMANCE_CREATE, list(without))
    if never:
        dates = "; ".join(moment(without[pk].starts_at) for pk in never)
        text = _(
            "DIP has no number for a performance in this agreement (%(dates)s): it was cancelled, or entering it was "
            "given up. Take it out of the agreement; or change the performance, and it is sent to DIP again."
        )
        raise Stop(attention(operations.NO_NUMBER, text % {"dates": dates}))
    if without:
        text = _("Waits until DIP has given %(count)d performances a number.") % {"count": len(without)}
        missing = Performance.objects.filter(pk__in=list(without), number=None)
        raise waits(work, text, came=lambda: not missing.exists())
    numbers = tuple(performance.number for performance in performances if performance.number is not None)
    return Subject(contract, production.dip_id, numbers)


# --- create ----------------------------------------------------------------------------------------------------
def create(work: Work) -> Outcome:
    """A new record: by DIP's create, or by its revise where the agreement replaces an approved one."""
    contract = _contract(work)
    if contract.dip_id is not None:
        return already(contract.dip_id, work)
    wait_out(work)
    subject = _subject(work, contract)
    there: Parsed[ContractRecord] | None = None
    if contract.revises is not None or operations.sent_keys(work.row):
        there = look(work, subject.list_path, wire.parse_contract)
    if there is not None and operations.sent_keys(work.row):
        found = look_up(work, subject, there)
        if found is not None:
            return _adopt(work, subject, found)
    _must_be_complete(work, contract)
    path = wire.contract_create_path(contract.type)
    if contract.revises is not None and there is not None:
        path = _revise_path(work, contract.revises, contract.type, there)
    form = subject.form
    answer = send(
        work,
        "POST",
        path,
        subject.body,
        form=form,
        natural_key=f"contract:{contract.reference}",
        reference=contract.reference,
    )
    number = _number(answer)
    if number is None:
        return no_id(work)
    return _link(work, contract, number, answer=answer, form=form)


def _must_be_complete(work: Work, contract: Contract) -> None:
    """A concept may lack terms here; sent to DIP they would become amounts of 0 that nobody meant."""
    faults = rules.faults_in_terms(contract.type, contract.term_values(), complete=True)
    if faults:
        names = ", ".join(str(BY_NAME[name].label) for name in faults)
        text = _("Goes to DIP once these are filled in: %(names)s.") % {"names": names}
        raise Stop(work.later("incomplete", text, HOUR))


def _revise_path(work: Work, revised: Contract, kind: str, there: Parsed[ContractRecord]) -> str:
    """Where DIP begins a revision. Stop while DIP does not know what it revises, or does not call that approved.

    DIP has no call for an answer, so after a yes given here it goes on saying 'proposed' until somebody answers there.
    """
    if revised.dip_id is None and operations.is_given_up(Kind.CONTRACT_CREATE, revised.pk):
        text = _(
            "DIP has no number for the agreement that this revises, because entering it was given up. "
            "Enter this one in DIP's dashboard, and give this up."
        )
        raise Stop(attention(operations.NO_NUMBER, text))
    if revised.dip_id is None:
        raise waits(
            work,
            _("Waits until DIP has given the agreement that this revises a number."),
            came=lambda: Contract.objects.filter(pk=revised.pk).exclude(dip_id=None).exists(),
        )
    record = one_of(work, there, revised.dip_id, lambda one: one.id)
    if record.status == Status.APPROVED:
        return wire.contract_revise_path(record.id, kind)
    text = _(
        "In DIP the agreement that this revises is '%(status)s', and DIP revises approved ones only. "
        "It goes on by itself once it is approved there too."
    )
    raise Stop(work.later("not_approved", text % {"status": record.raw_status}, REVISED_WAIT))


def look_up(work: Work, subject: Subject, there: Parsed[ContractRecord]) -> ContractRecord | None:
    """Our record by its reference, or None when DIP certainly has none. Stop in doubt.

    A revision made in DIP's dashboard carries the same name; the first version is the one we made.
    """
    contract = subject.contract
    ours = [record for record in there.records if record.reference == contract.reference]
    doubtful = any(contract.reference in json.dumps(fault.raw) for fault in there.faults)
    if contract.revises is not None:
        return only_match(work, ours or _unknown_children(contract.revises, there), doubtful)
    roots = [record for record in ours if record.parent_id is None]
    return only_match(work, roots if roots else ours, doubtful)


def _unknown_children(revised: Contract, there: Parsed[ContractRecord]) -> list[ContractRecord]:
    """A revision is found by its parent where DIP gave it the name of the version before instead of ours (ASSUMED).

    DIP lets every version hang under the first one. Only a concept that no agreement here has taken can be ours.
    """
    above = {revised.dip_id}
    above |= {record.parent_id for record in there.records if record.id == revised.dip_id and record.parent_id}
    children = [record for record in there.records if record.parent_id in above and record.status == Status.CONCEPT]
    numbers = [record.id for record in children]
    taken = Contract.objects.filter(provider_id=revised.provider_id, dip_id__in=numbers).values_list(
        "dip_id", flat=True
    )
    known = set(taken)
    return [record for record in children if record.id not in known]


def _adopt(work: Work, subject: Subject, record: ContractRecord) -> Outcome:
    # What follows builds on what was sent: a change made in DIP since then is a conflict, not ours to overwrite.
    has = state.comparable(record)
    base = work.row.body_digest or state.state_digest(has)
    if base in state.digests_of(has, agency=record.agency is not None):
        base = state.state_digest(has)
    return _link(work, subject.contract, record.id, answer=record.raw, form=has, base=base)


def _link(work: Work, contract: Contract, number: int, *, answer: object, form: Form, base: str = "") -> Outcome:
    row = work.row
    taken = Contract.objects.filter(provider_id=contract.provider_id, dip_id=number).exclude(pk=contract.pk)
    if taken.exists():
        text = _("DIP's number %(number)d already belongs to another agreement here.") % {"number": number}
        return attention("taken", text)

    def apply() -> None:
        Contract.objects.filter(Q(dip_id=None) | Q(dip_id=number), pk=contract.pk).update(dip_id=number)
        operations.note_done(row, number, answer=answer, form=form, base=base)
        operations.wake_dependents(revisions)

    def revisions() -> list[str]:
        following = Contract.objects.filter(revises=contract).values_list("pk", flat=True)
        return [operations.key_of(row.subject_kind, pk) for pk in following]

    return done(apply=apply)


def _number(answer: Any) -> int | None:
    found = wire.id_in(answer)
    return int(found) if found is not None and found.isascii() and found.isdecimal() else None


# --- update and propose: read first ----------------------------------------------------------------------------
def update(work: Work) -> Outcome:
    contract, subject, record = _read_first(work)
    form, has, agency = subject.form, state.comparable(record), record.agency is not None
    differing, digests = state.differing(has, form, agency=agency), state.digests_of(has, agency=agency)
    must_be_current(work, record.id, has=digests)
    if not differing:
        return _as_seen(work, record)
    if record.status != Status.CONCEPT:
        text = _(
            "In DIP this agreement is '%(status)s', and DIP changes concepts only. "
            "Settle it in DIP's dashboard, then try again."
        )
        return attention("not_concept", text % {"status": record.raw_status})
    _must_be_complete(work, contract)
    must_still_be_ours(work, record.id, record.raw, has=digests, differing=labels(differing))
    answer = send(work, "PUT", wire.contract_update_path(record.id, contract.type), subject.body, form=form)
    if _number(answer) != record.id:
        return no_id(work)
    return settled(work, record.id, answer=answer, form=form)


def propose(work: Work) -> Outcome:
    if work.row.sent_at is None:
        _must_be_wanted(work)
    # What may have left is looked at first, whatever became of it here.
    _contract_now, subject, record = _read_first(work)
    if record.status is not None and record.status != Status.CONCEPT:
        return _as_seen(work, record)
    _must_be_proposable(work, subject, record)
    form = subject.form
    path = wire.contract_propose_path(record.id)
    answer = send(work, "PUT", path, wire.body_for_propose(), form=form, unwanted=lambda: _unwanted(work))
    if _number(answer) != record.id:
        return no_id(work)
    whole = operations.form_of(work.row.subject_kind, answer) is not None
    return settled(work, record.id, answer=answer if whole else wire.proposed(record.raw), form=form)


def _must_be_wanted(work: Work) -> None:
    outcome = _unwanted(work)
    if outcome is not None:
        raise Stop(outcome)


def _unwanted(work: Work) -> Outcome | None:
    """Was the proposal taken back, or answered with no, or made anew? As it stands in the database now."""
    status = _contract(work).status
    if status == Status.CONCEPT:
        return abandoned("withdrawn", _("The proposal was withdrawn before it was sent to DIP."))
    if status == Status.REJECTED:
        return abandoned("rejected", _("It was rejected here before it was sent to DIP."))
    if operations.is_repeated(work.row):
        # With a change before it: this one would propose the old terms, or be stuck on the difference.
        return abandoned("repeated", _("It was proposed again before it was sent to DIP."))
    return None


def _must_be_proposable(work: Work, subject: Subject, record: ContractRecord) -> None:
    if record.status is None:
        text = _("In DIP this agreement is '%(status)s', which is not known here.")
        raise Stop(attention("not_concept", text % {"status": record.raw_status}))
    if _unwanted(work) is not None:
        raise Stop(abandoned("withdrawn", _("The proposal did not reach DIP and is no longer wanted.")))
    has, agency = state.comparable(record), record.agency is not None
    differing = state.differing(has, subject.form, agency=agency)
    if differing:
        must_be_current(work, record.id, has=state.digests_of(has, agency=agency))
        # Proposing it as it stands in DIP would propose something else than was proposed here.
        names = ", ".join(labels(differing))
        text = _("In DIP this agreement differs (%(what)s), so it was not proposed. Nothing was overwritten.")
        raise Stop(conflicting(work, record.raw, seen=state.state_digest(has), text=text % {"what": names}))


def _read_first(work: Work) -> tuple[Contract, Subject, ContractRecord]:
    contract = _contract(work)
    if contract.dip_id is None:
        raise Stop(
            attention("not_in_dip", _("This agreement was never entered in DIP, so it cannot be changed there."))
        )
    wait_out(work)
    subject = _subject(work, contract)
    found: Parsed[ContractRecord] = look(work, subject.list_path, wire.parse_contract)
    return contract, subject, one_of(work, found, contract.dip_id, lambda record: record.id)


def _as_seen(work: Work, record: ContractRecord) -> Outcome:
    return settled(work, record.id, answer=record.raw, form=state.comparable(record))


def labels(names: list[str]) -> list[str]:
    """What differs, in the words of the forms."""
    words = {
        "type": _("type"),
        "name": _("reference"),
        "production": _("production"),
        "theater": _("theater"),
        "performances": _("performances"),
        "contact_receiver": _("contact at the theater"),
        "contact_provider": _("contact at the provider"),
        "agency_as_provider": _("contracting party"),
    }
    return [str(BY_NAME[name[6:]].label) if name.startswith("terms.") else words[name] for name in names]


HANDLERS = {Kind.CONTRACT_CREATE: create, Kind.CONTRACT_UPDATE: update, Kind.CONTRACT_PROPOSE: propose}
