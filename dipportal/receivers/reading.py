"""What the pages show to the receiver: one agreement in words, and what can be done with it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.contracts import actions, four_eyes, rules, standing, yields
from dipportal.contracts.display import GroupOfRows, Row, groups, remark_on, start_time_rejected
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import START_TIME
from dipportal.core.dates import moment
from dipportal.core.money import format_percent
from dipportal.dip import conflict_words
from dipportal.dip.conflict_cases import for_receiver
from dipportal.dip.conflict_sides import Sheet
from dipportal.dip.rules import dip_still_waits
from dipportal.organisations.actors import Actor
from dipportal.organisations.areas import AreaRequest
from dipportal.organisations.models import Organisation
from dipportal.receivers import loaders


@dataclass(frozen=True)
class Group:
    """One group of terms: what is filled in or changed, and the labels of the rest on one line."""

    label: str | Promise
    shown: list[Row]
    empty: list[str | Promise]

    @classmethod
    def of(cls, group: GroupOfRows) -> "Group":
        shown = [row for row in group.rows if row.text or row.changed or row.rejected]
        return cls(group.label, shown, [row.term.label for row in group.rows if row not in shown])


@dataclass(frozen=True)
class Version:
    """One version in the line: who proposed it, whose terms it holds, and what became of it."""

    contract: Contract
    proposed: str
    answered: str


def about(request: AreaRequest, contract: Contract) -> dict[str, Any]:
    versions = loaders.versions(contract, request.organisation)
    before = next((version for version in versions if version.pk == contract.parent_id), None)
    evenings = loaders.evenings(contract)
    share = contract.provider_share
    return {
        "contract": contract,
        "state": state_of(contract),
        "groups": [Group.of(group) for group in groups(contract, before)],
        "before": before,
        "versions": [Version(version, proposal_in_words(version), answer_in_words(version)) for version in versions],
        "evenings": evenings,
        "money": yields.of_contract(contract, evenings),
        "yielded": loaders.yield_of(contract, request.organisation, evenings),
        "cancelled": [evening for evening in evenings if evening.cancelled],
        "standing": standing.notice(contract),
        "start_time_rejected": start_time_rejected(contract),
        "start_time_remark": remark_on(contract, START_TIME),
        "own_share": format_percent(Decimal(100) - share) if share is not None else "",
        "history": loaders.history(versions),
        "proposer": contract.proposed_by.get_full_name() if contract.proposed_by else "",
        "contact_email": contract.contact_provider or contract.provider.contact_email,
        "dip_is_behind": dip_still_waits(contract),
        "conflict": conflict_about(contract, request.organisation),
        **place_in_line(request, contract, versions),
        **what_can_be_done(request, contract, newest=versions[-1]),
    }


@dataclass(frozen=True)
class Unlike:
    """What is not the same here and in DIP, both beside each other, and what is being done about it."""

    sheet: Sheet
    doing: str


def conflict_about(contract: Contract, organisation: Organisation) -> Unlike | None:
    """To read only: the provider chooses. None when there is none, or when it is the provider's alone."""
    case = for_receiver(contract, organisation)
    if case is None:
        return None
    doing = conflict_words.for_receiver(contract, case.conflict.choice, case.conflict.kind)
    return Unlike(case.sheet(own=False), doing)


def place_in_line(request: AreaRequest, contract: Contract, versions: list[Contract]) -> dict[str, Any]:
    """What this version replaces or is replaced by, and the newest one when that says nothing yet."""
    revisions = [version for version in versions if version.revises_id == contract.pk]
    replaced_by = next((one for one in revisions if one.status in (Status.APPROVED, Status.REVISED)), None)
    under_way = next((one for one in revisions if one.status == Status.PROPOSED), None)
    revises = next((one for one in versions if one.pk == contract.revises_id), None)
    newest = versions[-1]
    return {
        "replaced_by": replaced_by if contract.status == Status.REVISED else None,
        "revision": under_way if contract.status == Status.APPROVED else None,
        "revises": revises if contract.status in (Status.PROPOSED, Status.REJECTED) else None,
        "newer": newest if newest.pk != contract.pk else None,
    }


def what_can_be_done(request: AreaRequest, contract: Contract, *, newest: Contract) -> dict[str, Any]:
    actor = request.actor
    can_answer = rules.may(contract, "reject", actor)
    open_to_us = rules.is_open_to(contract, "approve")
    return {
        "answer_words": answer_in_words(contract),
        "open_to_us": open_to_us,
        "can_answer": can_answer,
        "why_not_approve": why_not_approve(request, contract) if can_answer else "",
        "expired": open_to_us and rules.is_expired(contract),
        "first_yes": contract.endorsed_by if open_to_us else None,
        "first_was_me": open_to_us and contract.endorsed_by_id == request.membership.user_id,
        "can_counter": rules.may(contract, "counter", actor) and newest.pk == contract.pk,
        "can_retract": rules.may(contract, "retract", actor),
        "undo_minutes": minutes_left(contract) if rules.may_undo(contract, actor, actions.UNDO) else 0,
    }


def why_not_approve(request: AreaRequest, contract: Contract) -> str:
    """Why the yes of this person is not possible now, in words; '' when it is."""
    late = rules.fault_in_time(contract)
    if late:
        return late
    fault = four_eyes.fault_in_second(contract, request.organisation, actor=request.actor)
    return str(fault) if fault else ""


def minutes_left(contract: Contract) -> int:
    """How long the answer can still be taken back; never 0, because that would say that it cannot."""
    if contract.answered_at is None:
        return 0
    left = contract.answered_at + actions.UNDO - timezone.now()
    return max(1, math.ceil(left.total_seconds() / 60))


@dataclass(frozen=True)
class State:
    """The code and the word of a status, as the receiver reads it."""

    code: str
    label: str


def state_of(contract: Contract) -> State:
    if contract.is_counter and contract.status == Status.PROPOSED:
        return State("countered", _("Adapted proposal, waits for the provider"))
    if contract.status == Status.REJECTED and contract.is_counter and not contract.answer_source:
        return State("withdrawn", _("Adapted proposal, taken back"))
    return State(contract.status, contract.get_status_display())


@dataclass(frozen=True)
class Marks:
    """Of the rows of a list: which can be ticked to answer them, and of which the last day has passed."""

    tickable: set[int]
    expired: set[int]


def marks(rows: Iterable[Contract], actor: Actor) -> Marks:
    tickable = {row.pk for row in rows if rules.may(row, "reject", actor)}
    expired = {row.pk for row in rows if rules.is_open_to(row, "approve") and rules.is_expired(row)}
    return Marks(tickable, expired)


def answered_by(contract: Contract) -> str:
    """Who answered, in words; somebody in DIP's own dashboard has no name here."""
    if contract.answer_source == AnswerSource.DIP or contract.answered_by is None:
        return _("somebody in DIP")
    return contract.answered_by.get_full_name()


def proposal_in_words(contract: Contract) -> str:
    words = {
        "who": contract.proposed_by.get_full_name() if contract.proposed_by else contract.provider.name,
        "when": moment(contract.proposed_at),
    }
    if contract.is_counter:
        return _("Your terms, sent by %(who)s, %(when)s") % words
    if contract.proposed_at is None:
        return _("The provider's terms, made in DIP")
    return _("The provider's terms, proposed by %(who)s, %(when)s") % words


def answer_in_words(contract: Contract) -> str:
    """'Approved by …, do 12 mrt 2026, 20:15'; '' as long as nobody answered."""
    yes = contract.status in (Status.APPROVED, Status.REVISED)
    if contract.answered_at is None or not (yes or contract.status == Status.REJECTED):
        return ""
    words = {
        "who": answered_by(contract),
        "when": moment(contract.answered_at),
        "provider": contract.provider.name,
        "how": contract.get_answer_source_display(),
    }
    return _how_it_was_answered(contract, yes=yes) % words


def _how_it_was_answered(contract: Contract, *, yes: bool) -> str:
    if contract.on_behalf and yes:
        return _("Approved, recorded on your behalf by %(who)s of %(provider)s, %(when)s: %(how)s")
    if contract.on_behalf:
        return _("Rejected, recorded on your behalf by %(who)s of %(provider)s, %(when)s: %(how)s")
    if not contract.is_counter:
        return _("Approved by %(who)s, %(when)s") if yes else _("Rejected by %(who)s, %(when)s")
    if not contract.answer_source:
        return _("Adapted proposal taken back by %(who)s, %(when)s")
    if yes:
        return _("Adapted proposal accepted by %(who)s of %(provider)s, %(when)s")
    return _("Adapted proposal declined by %(who)s of %(provider)s, %(when)s")
