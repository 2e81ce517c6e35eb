"""Several proposals answered at once: ticked, looked at, answered one by one, and told one by one."""

import functools
import re
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, four_eyes, rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.queries import approvers_of
from dipportal.receivers import loaders
from dipportal.receivers.forms import ApproveManyForm, RejectManyForm
from dipportal.receivers.refusals import who_was_first

MOST = 100
FORMS: dict[str, type[ApproveManyForm | RejectManyForm]] = {"approve": ApproveManyForm, "reject": RejectManyForm}
KEPT = "answered_at_once"
_CHOSEN = re.compile(r"([0-9]{1,18}):([0-9]{1,9})")


@dataclass(frozen=True)
class Ticked:
    """One ticked proposal, with the version that stood in the list. `fault`: why it cannot be answered."""

    pk: int
    version: int
    contract: Contract | None
    fault: str

    @property
    def value(self) -> str:
        return f"{self.pk}:{self.version}"


@area(Side.RECEIVER, role=Role.EDITOR, methods=("GET", "POST"))
def answers(request: AreaRequest) -> HttpResponseBase:
    """Asks first: a list of what is about to happen. Then each is answered in a transaction of its own."""
    data = request.POST if request.method == "POST" else request.GET
    answer, chosen = data.get("answer", ""), _chosen(data)
    refused = _fault_in_choice(answer, chosen)
    if refused:
        messages.info(request, refused)
        return redirect("receivers:contracts", request.organisation.slug)
    form = FORMS[answer](request.POST if request.method == "POST" else None, auto_id="many_%s")
    if request.method == "POST" and form.is_valid():
        text = next(iter(form.cleaned_data.values()))
        outcomes = [_answer(request, row, answer, text) for row in _ticked(request, answer, chosen)]
        request.session[KEPT] = {"house": request.organisation.slug, "answer": answer, "rows": outcomes}
        return redirect("receivers:answered", request.organisation.slug)
    rows = _ticked(request, answer, chosen)
    ready = [row for row in rows if not row.fault]
    context = {"rows": ready, "left_out": [row for row in rows if row.fault], "answer": answer, "form": form}
    return render(request, "receivers/answers.html", context)


@area(Side.RECEIVER, role=Role.EDITOR)
def answered(request: AreaRequest) -> HttpResponseBase:
    """What became of each, as it was told when it was answered."""
    kept = request.session.get(KEPT) or {}
    if kept.get("house") != request.organisation.slug:
        return redirect("receivers:contracts", request.organisation.slug)
    contracts = loaders.named(request.organisation, [pk for pk, _done, _text in kept["rows"]])
    rows = [{"contract": contracts.get(pk), "done": done, "text": text} for pk, done, text in kept["rows"]]
    context = {"rows": rows, "answer": kept["answer"], "done": sum(row["done"] for row in rows)}
    return render(request, "receivers/answered.html", context)


def _chosen(data: QueryDict) -> dict[int, int]:
    """Number → version of what was ticked; anything else in the field is nobody's."""
    found = [_CHOSEN.fullmatch(value) for value in data.getlist("chosen")]
    return {int(match[1]): int(match[2]) for match in found if match}


def _fault_in_choice(answer: str, chosen: dict[int, int]) -> str:
    if answer not in FORMS:
        return _("Choose whether you approve or reject.")
    if not chosen:
        return _("Tick at least one proposal.")
    if len(chosen) > MOST:
        return _("Answer at most %(most)d proposals at once.") % {"most": MOST}
    return ""


def _ticked(request: AreaRequest, answer: str, chosen: dict[int, int]) -> list[Ticked]:
    contracts = loaders.named(request.organisation, chosen)
    fault = functools.partial(_fault, request, answer, approvers=functools.cache(approvers_of))
    rows = [Ticked(pk, version, contracts.get(pk), fault(contracts.get(pk), version)) for pk, version in chosen.items()]
    return sorted(rows, key=_by_date)


def _by_date(row: Ticked) -> tuple[bool, float, int]:
    first = row.contract.first_at if row.contract else None
    return first is None, first.timestamp() if first else 0, row.pk


def _fault(request: AreaRequest, answer: str, contract: Contract | None, version: int, *, approvers: Any) -> str:
    """Why this one cannot be answered, as far as can be said before; the action asks all of it again."""
    if contract is None:
        return _("Not found: it was taken back, or it is not yours.")
    if not rules.may(contract, answer, request.actor) or contract.version != version:
        return who_was_first(contract)
    if answer != "approve":
        return ""
    second = four_eyes.fault_in_second(contract, request.organisation, actor=request.actor, approvers=approvers)
    return rules.fault_in_time(contract) or str(second or "")


def _answer(request: AreaRequest, row: Ticked, answer: str, text: str) -> tuple[int, bool, str]:
    """Answer one. Returns (number, done, what to tell)."""
    if row.contract is None:
        return row.pk, False, row.fault
    try:
        if answer == "approve":
            actions.approve(row.contract, actor=request.actor, note=text, seen_version=row.version)
        else:
            actions.reject(row.contract, actor=request.actor, reason=text, seen_version=row.version)
    except StaleState:
        return row.pk, False, who_was_first(loaders.contract_or_none(request.organisation, row.pk))
    except PortalError as refused:
        return row.pk, False, str(refused)
    return row.pk, True, _told(row.contract)


def _told(contract: Contract) -> str:
    if contract.status == Status.APPROVED:
        return _("Approved")
    if contract.status == Status.REJECTED:
        return _("Rejected")
    return _("Agreed as the first of two: a colleague has to agree as well")
