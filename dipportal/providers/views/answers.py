"""The provider and the answers: what a theater sent back, what it said by telephone, and the way on from there.

An address that only takes a POST leads, opened by GET, to the agreement: who had to log in first comes back so.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, four_eyes, rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders
from dipportal.providers.forms import AdoptForm, DeclineForm, GiveUpForm, LastDayForm, RecordForm, SeenForm
from dipportal.providers.pages import blame, go, tell
from dipportal.providers.stale import renew
from dipportal.providers.views.contracts import contract_context

edits = area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))


@edits
def amend(request: AreaRequest, pk: int) -> HttpResponse:
    """Begin the next version after a rejection, or in reply to an adapted proposal, and go on in its form."""
    before = loaders.contract(request, pk)
    if request.method != "POST":
        return go(request, "contract", pk=pk)
    take_over = request.POST.get("take_over") == "1"
    try:
        following = actions.amend(before, actor=request.actor, take_over=take_over)
    except PortalError as refused:
        tell(request, refused)
        return go(request, "contract", pk=pk)
    text = _("Version %(number)d begins with the terms of the one before.")
    if take_over:
        text = _("Version %(number)d begins with what the theater suggested. Read it, and propose it.")
    messages.success(request, text % {"number": following.number})
    return go(request, "contract_edit", pk=following.pk)


@edits
def revise(request: AreaRequest, pk: int) -> HttpResponse:
    agreed = loaders.contract(request, pk)
    if request.method != "POST":
        return go(request, "contract", pk=pk)
    try:
        following = actions.revise(agreed, actor=request.actor)
    except PortalError as refused:
        tell(request, refused)
        return go(request, "contract", pk=pk)
    text = _("Version %(number)d begins. What was agreed stays in force until the theater approves the revision.")
    messages.success(request, text % {"number": following.number})
    return go(request, "contract_edit", pk=following.pk)


@edits
def adopt(request: AreaRequest, pk: int) -> HttpResponse:
    """Accept an adapted proposal as it is. The page carries the version that was read."""
    counter = loaders.contract(request, pk)
    form = AdoptForm(_posted(request), initial={"version": counter.version})
    if form.is_valid():
        note, seen = form.cleaned_data["note"], form.cleaned_data["version"]
        try:
            actions.adopt(counter, actor=request.actor, note=note, seen_version=seen)
            messages.success(request, _adopted(counter))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            return _refused(request, counter, form, refused, "adopt")
    return _ask(request, counter, form, "adopt")


def _adopted(counter: Contract) -> str:
    if counter.status == Status.APPROVED:
        return _("Accepted. With that the agreement is made.")
    return _("You agreed as the first of two. Once a colleague agrees too, the agreement is made.")


@edits
def decline(request: AreaRequest, pk: int) -> HttpResponse:
    counter = loaders.contract(request, pk)
    form = DeclineForm(_posted(request), initial={"version": counter.version})
    if form.is_valid():
        reason, seen = form.cleaned_data["reason"], form.cleaned_data["version"]
        try:
            actions.decline(counter, actor=request.actor, reason=reason, seen_version=seen)
            messages.success(request, _("Declined. The theater gets your reason."))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            return _refused(request, counter, form, refused, "decline")
    return _ask(request, counter, form, "decline")


@edits
def record(request: AreaRequest, pk: int) -> HttpResponse:
    """Write down an answer that was given outside, on behalf of the theater."""
    proposed = loaders.contract(request, pk)
    form = RecordForm(_posted(request), contract=proposed, initial={"version": proposed.version})
    if form.is_valid():
        try:
            _record(request, proposed, form.cleaned_data)
            messages.success(request, _("Recorded on behalf of the theater."))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            return _refused(request, proposed, form, refused, "record_approval")
    return _ask(request, proposed, form, "record_approval")


def _record(request: AreaRequest, proposed: Contract, said: dict[str, Any]) -> None:
    common = {"actor": request.actor, "source": said["source"], "seen_version": said["version"]}
    if said["answer"] == "approved":
        actions.approve(proposed, note=said["text"], **common)
    else:
        actions.reject(proposed, reason=said["text"], rejected_terms=said["rejected"], **common)


@edits
def extend(request: AreaRequest, pk: int) -> HttpResponse:
    """Another last day for the answer, or none."""
    proposed = loaders.contract(request, pk)
    initial = {"version": proposed.version, "answer_by": proposed.answer_by}
    form = LastDayForm(_posted(request), initial=initial)
    if form.is_valid():
        last_day, seen = form.cleaned_data["answer_by"], form.cleaned_data["version"]
        try:
            actions.extend(proposed, answer_by=last_day, actor=request.actor, seen_version=seen)
            messages.success(request, _("Saved. The theater sees the new last day."))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            return _refused(request, proposed, form, refused, "extend")
    return _ask(request, proposed, form, "extend")


@edits
def discard(request: AreaRequest, pk: int) -> HttpResponse:
    concept = loaders.contract(request, pk)
    form = GiveUpForm(_posted(request), initial={"version": concept.version})
    if form.is_valid():
        reason, seen = form.cleaned_data["reason"], form.cleaned_data["version"]
        try:
            actions.discard(concept, actor=request.actor, reason=reason, seen_version=seen)
            messages.success(request, _("Given up. It is out of the lists; here it can be taken back."))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            return _refused(request, concept, form, refused, "discard")
    return _ask(request, concept, form, "discard")


@edits
def restore(request: AreaRequest, pk: int) -> HttpResponse:
    concept = loaders.contract(request, pk)
    if request.method == "POST":
        try:
            actions.restore(concept, actor=request.actor)
            messages.success(request, _("Taken back. It is a concept again."))
        except PortalError as refused:
            tell(request, refused)
    return go(request, "contract", pk=pk)


@edits
def undo(request: AreaRequest, pk: int) -> HttpResponse:
    """Take back an answer of one's own side: recorded, accepted or declined by mistake."""
    answered = loaders.contract(request, pk)
    form = SeenForm(_posted(request))
    if request.method == "POST":
        try:
            seen = form.cleaned_data["version"] if form.is_valid() else 0
            actions.undo(answered, actor=request.actor, seen_version=seen)
            messages.success(request, _("Taken back. It stands open again."))
        except PortalError as refused:
            tell(request, refused)
    return go(request, "contract", pk=pk)


# --- what these pages share --------------------------------------------------------------------------------------
PAGES = {
    "adopt": "providers/contract_adopt.html",
    "decline": "providers/contract_decline.html",
    "record_approval": "providers/contract_record.html",
    "extend": "providers/contract_extend.html",
    "discard": "providers/contract_discard.html",
}


def _posted(request: AreaRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _ask(request: AreaRequest, shown: Contract, form: Any, move: str, *, status: int = 200) -> HttpResponse:
    """The page that asks; when there is nothing left to ask, the agreement as it stands."""
    if not rules.may(shown, move, request.actor):
        messages.info(request, _("That is no longer possible: look at how it stands now."))
        return go(request, "contract", pk=shown.pk)
    context = {**contract_context(request, shown), "form": form}
    context["second"] = (
        four_eyes.fault_in_second(shown, shown.provider, actor=request.actor) if move == "adopt" else None
    )
    return render(request, PAGES[move], context, status=status)


def _refused(request: AreaRequest, shown: Contract, form: Any, refused: PortalError, move: str) -> HttpResponse:
    """What was typed stays on the screen. After a lost race the page shows, and carries, what stands there now."""
    if isinstance(refused, StaleState):
        shown = loaders.contract(request, shown.pk)
        renew(form, shown.version)
        form.add_error(None, str(refused))
        return _ask(request, shown, form, move, status=409)
    if not isinstance(refused, Invalid):
        tell(request, refused)
        return go(request, "contract", pk=shown.pk)
    names = {"reason": "text", "rejected_terms": "rejected"} if move == "record_approval" else {}
    blame(
        form, Invalid(refused.sentence, fields={names.get(name, name): text for name, text in refused.fields.items()})
    )
    return _ask(request, shown, form, move)
