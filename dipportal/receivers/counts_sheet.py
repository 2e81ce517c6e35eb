"""Ticket counts by spreadsheet: download, fill in, upload, look at what would change, confirm.

Between the upload and the confirmation nothing is kept here: the page carries the rows, signed for the person and the
house that looked at them.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.catalogue.dip_id import DipId
from dipportal.catalogue.queries import visible_theaters
from dipportal.core import spreadsheets
from dipportal.core.dates import moment
from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.numbers import keys as whole_numbers
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers.house import House
from dipportal.receivers.sheet_forms import PeriodForm, SheetForm
from dipportal.ticketing import actions, sheet_preview
from dipportal.ticketing import sheet as sheets
from dipportal.ticketing.queries import countable, standings
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.sheet_preview import Entry, Judged
from dipportal.ticketing.sheet_reading import SheetRow

SALT = "receivers.counts_sheet"
# So long somebody may look before confirming. Afterwards the sheet is uploaded anew.
SECONDS = 4 * 3600
KEPT = "counts_by_sheet"
# So many rows that stayed out are told afterwards; the preview told them all.
MOST_TOLD = 100
WRITERS = {spreadsheets.XLSX: sheets.xlsx, spreadsheets.CSV: sheets.csv}

Standings = Mapping[int, Standing]


@area(Side.RECEIVER, methods=("GET", "POST"))
def sheet(request: AreaRequest) -> HttpResponse:
    """Where a sheet is downloaded. What is uploaded here is shown beside what stands; nothing of it is saved."""
    if request.method != "POST":
        return _page(request)
    form = SheetForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, upload=form)
    known = _known(request, form.rows)
    found = standings(known.values())
    return _look(request, sheet_preview.entries(form.rows, known, found), found)


@area(Side.RECEIVER)
def file(request: AreaRequest) -> HttpResponse:
    form = _period(request)
    if not form.is_valid():
        return _page(request, period=form)
    first, end = form.moments
    rows = countable(form.chosen_theaters, first, end, silent=form.cleaned_data["silent"])
    keys = list(rows.values_list("pk", flat=True)[: actions.MOST_AT_ONCE + 1])
    if not keys:
        form.add_error(None, _("No performance in this period can have a count. Choose another period."))
    if len(keys) > actions.MOST_AT_ONCE:
        form.add_error(None, _("A sheet has at most 1,000 performances. Choose a shorter period, or one theater."))
    if form.errors:
        return _page(request, period=form)
    kind = form.cleaned_data["format"] or spreadsheets.XLSX
    found = standings(keys)
    content = WRITERS[kind]([found[key] for key in keys], several_theaters=len(form.theaters) > 1)
    return file_reply(content, _file_name(form, kind), spreadsheets.CONTENT_TYPES[kind])


@area(Side.RECEIVER, role=Role.EDITOR, methods=("POST",))
def save(request: AreaRequest) -> HttpResponseBase:
    """Save what was looked at: all that was chosen, or nothing. The same once more changes nothing."""
    sealed = request.POST.get("sheet", "")
    entries = _unsealed(request, sealed)
    if entries is None:
        text = _(
            "You looked at this sheet too long ago, or with another log-in. Nothing was saved: upload it once more."
        )
        messages.error(request, text)
        return redirect("receivers:counts_sheet", request.organisation.slug)
    found = _standings_now(request, entries)
    preview = sheet_preview.preview(entries, found)
    sure = set(whole_numbers(request.POST.getlist("sure")))
    out = preview.left_out(sure)
    if out and "leave_out" not in request.POST:
        problem = _(
            "Nothing was saved yet: say what happens to the rows that have a fault or that you did not confirm."
        )
        return _look(request, entries, found, sure=sure, problem=problem)
    chosen = preview.chosen(sure, still="still" in request.POST)
    if not chosen:
        return _nothing(request, sealed)
    problem = _enter(request, chosen, sure)
    if problem:
        return _look(request, entries, _standings_now(request, entries), sure=sure, problem=problem, status=409)
    request.session[KEPT] = {
        "house": request.organisation.slug,
        "digest": _digest(sealed),
        "saved": [one.entry.key for one in chosen],
        "left_out": [[one.entry.number, *_named(one), _why(one)] for one in out[:MOST_TOLD]],
        "more": max(0, len(out) - MOST_TOLD),
    }
    return redirect("receivers:counts_sheet_saved", request.organisation.slug)


@area(Side.RECEIVER, role=Role.EDITOR)
def saved(request: AreaRequest) -> HttpResponseBase:
    """What was saved, as it stands now, and what stayed out."""
    kept = request.session.get(KEPT) or {}
    if kept.get("house") != request.organisation.slug:
        return redirect("receivers:counts_sheet", request.organisation.slug)
    keys = _still_ours(request, kept["saved"])
    found = standings(keys)
    rows = [found[key] for key in kept["saved"] if key in found]
    context = {"rows": rows, "left_out": kept["left_out"], "more": kept["more"]}
    return render(request, "receivers/counts_sheet_saved.html", context)


# --- the pages ----------------------------------------------------------------------------------------------------
def _page(request: AreaRequest, *, period: PeriodForm | None = None, upload: SheetForm | None = None) -> HttpResponse:
    may_enter = request.membership.may(Role.EDITOR)
    context = {
        "period": period or _period(request, bound=False),
        "upload": (upload or SheetForm()) if may_enter else None,
    }
    return render(request, "receivers/counts_sheet.html", context)


def _look(
    request: AreaRequest,
    entries: Sequence[Entry],
    found: Standings,
    *,
    sure: Collection[int] = (),
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """What the sheet would change. `sure`: the rows that were ticked before; a tick does not hold for a new doubt."""
    preview = sheet_preview.preview(entries, found)
    asked = preview.asked()
    before = {one.number: set(one.asked) for one in entries}
    context = {
        "preview": preview,
        "sheet": _sealed(request, asked),
        "ticked": {one.number for one in asked if one.number in sure and set(one.asked) <= before[one.number]},
        "to_decide": preview.left_out(()),
        "problem": problem,
    }
    return render(request, "receivers/counts_sheet_preview.html", context, status=status)


def _nothing(request: AreaRequest, sealed: str) -> HttpResponseBase:
    """Nothing was left to save. After a second click the page of the first one says what was saved."""
    kept = request.session.get(KEPT) or {}
    if kept.get("house") == request.organisation.slug and kept["digest"] == _digest(sealed):
        return redirect("receivers:counts_sheet_saved", request.organisation.slug)
    messages.info(request, _("Nothing was changed: there was nothing in this sheet that does not stand here already."))
    return redirect("receivers:counts_sheet", request.organisation.slug)


def _enter(request: AreaRequest, chosen: Sequence[Judged], sure: Collection[int]) -> str:
    """Enter all of it. Returns why nothing was entered, or ''."""
    try:
        faults = actions.report_many(sheet_preview.entered(chosen, sure), actor=request.actor)
    except PortalError as refused:
        return str(refused)
    return _("Something changed here meanwhile, so nothing was saved. Look at it once more.") if faults else ""


def _named(one: Judged) -> tuple[str, str]:
    """Title and evening; of a performance that is not known here what the sheet calls it."""
    if one.standing is None:
        return one.entry.label, ""
    return one.standing.performance.production.title, moment(one.standing.performance.starts_at)


def _why(one: Judged) -> list[str]:
    faults = [f"{fault.column}: {fault.sentence}" if fault.column else fault.sentence for fault in one.faults]
    changes = [f"{change.label}: {change.old} → {change.new}" for change in one.changes]
    return [*(faults or [_("not confirmed"), *one.doubts]), *changes]


# --- whose performances -------------------------------------------------------------------------------------------
def _period(request: AreaRequest, *, bound: bool = True) -> PeriodForm:
    theaters = list(visible_theaters(request.organisation).order_by("name", "pk"))
    return PeriodForm(request.GET if bound else None, theaters=theaters)


def _house(request: AreaRequest) -> House:
    return House(request.organisation, visible_theaters(request.organisation))


def _known(request: AreaRequest, rows: Sequence[SheetRow]) -> dict[DipId, int]:
    """Those of these DIP-ids that exist for this house. Another house's is as unknown as one that nobody has."""
    wanted = {row.dip_id.performance for row in rows if row.dip_id is not None}
    found = _house(request).performances().filter(number__in=wanted)
    return {
        DipId(production, number): key
        for production, number, key in found.values_list("production__dip_id", "number", "pk")
    }


def _still_ours(request: AreaRequest, keys: Collection[int]) -> list[int]:
    return list(_house(request).performances().filter(pk__in=keys).values_list("pk", flat=True))


def _standings_now(request: AreaRequest, entries: Sequence[Entry]) -> Standings:
    return standings(_still_ours(request, [one.key for one in entries if one.key is not None]))


# --- what the page carries ----------------------------------------------------------------------------------------
def _salt(request: AreaRequest) -> str:
    """For this person and this house; for anybody else it is no signature."""
    return f"{SALT}.{request.organisation.pk}.{request.membership.user_id}"


def _sealed(request: AreaRequest, entries: Sequence[Entry]) -> str:
    # With something of its own, so that a second look at the same file is told from a second click.
    content = [secrets.token_hex(8), sheet_preview.packed(entries)]
    return signing.dumps(content, salt=_salt(request), compress=True)


def _unsealed(request: AreaRequest, sealed: str) -> list[Entry] | None:
    """None when it was not sealed for this person and this house, or too long ago."""
    try:
        _own, rows = signing.loads(sealed, salt=_salt(request), max_age=SECONDS)
    except signing.BadSignature:
        return None
    return sheet_preview.unpacked(rows)


def _digest(sealed: str) -> str:
    return hashlib.sha256(sealed.encode()).hexdigest()


def _file_name(form: PeriodForm, kind: str) -> str:
    name = _("ticket-counts")
    return f"{name}-{form.cleaned_data['since']:%Y-%m-%d}-{form.cleaned_data['until']:%Y-%m-%d}.{kind}"
