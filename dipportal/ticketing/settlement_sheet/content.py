"""What stands on a settlement sheet, every word in the language of the moment. Page, PDF and XLSX only lay it out."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.contracts import settlement_words
from dipportal.contracts.models import Contract
from dipportal.contracts.paper import reference_of
from dipportal.contracts.paper.content import parties
from dipportal.contracts.settlement import ESTIMATE
from dipportal.contracts.terms import BY_NAME
from dipportal.core.dates import day, moment
from dipportal.core.money import format_cents
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.monitor import SHOWN
from dipportal.ticketing.yielding import OfEvening, Sums, Yielded
from dipportal.ticketing.yielding_played import Played

# Lines that a reader looks for.
STRONG = ("net", "provider", "receiver", "invoice")


@dataclass(frozen=True)
class Line:
    """One line of the settlement: its rule in words and by its name ('F5'), the amount in euros."""

    code: str
    label: str
    words: str
    rule: str
    amount: Decimal
    estimate: bool

    @property
    def strong(self) -> bool:
        return self.code in STRONG


@dataclass(frozen=True)
class Counted:
    """One performance: tickets by the kinds that are shown, None where only the total was told. Cents of revenue."""

    played: Played
    when: str
    hall: str
    dip_id: str
    kinds: tuple[int | None, ...]
    tickets: int | None
    paid: int | None
    revenue: int | None
    source: str
    counted_at: dt.datetime | None
    note: str

    @property
    def by_kind(self) -> list[tuple[str, int | None]]:
        return [(str(kind.label), number) for kind, number in zip(SHOWN, self.kinds, strict=True)]


@dataclass(frozen=True)
class Told:
    """What one source tells of one performance; `used`: the sums are made with it."""

    when: str
    source: str
    tickets: int
    revenue: int
    counted_at: dt.datetime
    used: bool


@dataclass(frozen=True)
class Notice:
    title: str
    lines: tuple[str, ...]
    tone: str = "warning"


@dataclass(frozen=True)
class Sheet:
    """`kinds`: heads of the columns of `Counted.kinds`. `lines` are empty when there is nothing to settle yet."""

    contract: Contract
    yielded: Yielded
    final: bool
    state: str
    explanation: str
    facts: tuple[tuple[str, str], ...]
    parties: list[list[list[str]]]
    agreed: tuple[tuple[str, int], ...]
    kinds: tuple[str, ...]
    counted: tuple[Counted, ...]
    told: tuple[Told, ...]
    notices: tuple[Notice, ...]
    lines: tuple[Line, ...]
    base: str
    evenings: tuple[OfEvening, ...]
    not_divided: str
    nothing: str
    newest: dt.datetime

    @property
    def title(self) -> str:
        return self.contract.production.title

    @property
    def disagrees(self) -> bool:
        return bool(self.yielded.disagreeing)


def file_name(sheet: Sheet, ending: str) -> str:
    """'borderel-DP-2345ABCDEF-v2-de-storm.pdf': safe in a header and on every disk."""
    contract = sheet.contract
    title = slugify(contract.production.title)[:60].strip("-_")
    named = [_("settlement-sheet"), reference_of(contract) or str(contract.pk), f"v{contract.number}", title]
    return "-".join(part for part in named if part) + "." + ending


def sheet(yielded: Yielded) -> Sheet:
    """The contract with provider, producer, production and theater__receiver loaded. No query."""
    contract, sums = yielded.contract, yielded.so_far
    moments = [one.count.counted_at for one in yielded.playing if one.count and one.count.counted_at]
    return Sheet(
        contract=contract,
        yielded=yielded,
        final=yielded.final,
        state=_("final according to the counts") if yielded.final else _("provisional"),
        explanation=_explanation(yielded),
        facts=tuple(_facts(contract)),
        parties=parties(contract),
        agreed=tuple((str(label), amount) for label, amount in yielded.agreed),
        kinds=tuple(str(kind.label) for kind in SHOWN),
        counted=tuple(_counted(one.played) for one in yielded.evenings),
        told=tuple(_all_told(yielded)),
        notices=tuple(_notices(yielded)),
        lines=tuple(_lines(sums)) if sums is not None else (),
        base=str(yielded.base),
        evenings=tuple(one for one in yielded.evenings if one.net is not None) if len(yielded.counted) > 1 else (),
        not_divided=str(yielded.not_divided),
        nothing=str(yielded.nothing),
        newest=max(moments, default=contract.answered_at or contract.created_at),
    )


def _explanation(yielded: Yielded) -> str:
    counted, playing = len(yielded.counted), len(yielded.playing)
    words = {"counted": counted, "number": playing}
    if not playing:
        return str(yielded.nothing)
    if yielded.final:
        return ngettext(
            "The performance was played, and counted since.",
            "All %(number)d performances were played, and counted since.",
            playing,
        ) % {"number": playing}
    return (
        ngettext(
            "%(counted)d of %(number)d performance counts. It becomes final once it was played and counted since.",
            "%(counted)d of %(number)d performances count. It becomes final once all were played and counted since.",
            playing,
        )
        % words
    )


def _facts(contract: Contract) -> Iterable[tuple[str, str]]:
    yield _("Production"), contract.production.title
    yield _("Season"), contract.production.season
    yield _("Type"), str(contract.get_type_display())
    yield _("Reference"), reference_of(contract)
    yield _("Version"), str(contract.number)
    yield _("Number in DIP"), str(contract.dip_id) if contract.dip_id is not None else "–"
    yield _("Approved"), moment(contract.answered_at) or "–"


def _counted(played: Played) -> Counted:
    evening, count, paid = played.performance, played.count, played.paid
    shown = count.shown_kinds if count is not None else None
    return Counted(
        played=played,
        when=moment(evening.starts_at),
        hall=evening.hall.name if evening.hall else "–",
        dip_id=evening.dip_id or "–",
        kinds=tuple(shown[kind] if shown is not None else None for kind in SHOWN),
        tickets=count.tickets if count is not None else None,
        paid=paid.tickets if paid is not None else None,
        revenue=count.revenue_cents if count is not None else None,
        source=str(count.get_source_display()) if count is not None else "",
        counted_at=count.counted_at if count is not None else None,
        note=_note(played),
    )


def _note(played: Played) -> str:
    if played.out is not None:
        return _("does not count: %(why)s") % {"why": played.out.label}
    if played.performance.starts_at > played.now:
        return _("not played yet")
    if not played.settled:
        return _("not counted since it was played")
    return ""


def _all_told(yielded: Yielded) -> Iterable[Told]:
    for played in (one.played for one in yielded.evenings):
        for count in played.sources:
            yield _told(played, count)


def _told(played: Played, count: TicketCount) -> Told:
    return Told(
        when=moment(played.performance.starts_at),
        source=str(count.get_source_display()),
        tickets=count.tickets or 0,
        revenue=count.revenue_cents or 0,
        counted_at=count.counted_at or count.changed_at,
        used=played.counts and count is played.count,
    )


def _lines(sums: Sums) -> Iterable[Line]:
    for line in sums.settlement.lines:
        words = settlement_words.in_words(line, sums.terms, sums.evenings)
        yield Line(line.code, str(line.label), words, line.rule, line.amount, line.code in sums.estimates)


# --- what a reader must know first ----------------------------------------------------------------------------------
def _notices(yielded: Yielded) -> Iterable[Notice]:
    if yielded.estimate:
        yield Notice(capfirst(str(ESTIMATE)), tuple(_why_estimate(yielded)))
    for played in yielded.disagreeing:
        yield Notice(
            _("The sources of %(when)s disagree") % {"when": day(played.performance.starts_at)},
            tuple(_in_words(played, count) for count in played.sources),
        )
    for played in yielded.doubted:
        yield Notice(
            _("The count of %(when)s is unlikely") % {"when": day(played.performance.starts_at)},
            tuple(doubt.sentence for doubt in played.doubts),
        )


def _why_estimate(yielded: Yielded) -> Iterable[str]:
    sums = yielded.so_far
    if sums is not None and sums.settlement.missing:
        names = ", ".join(str(BY_NAME[name].label) for name in sums.settlement.missing)
        yield _("Not filled in in the agreement, and counted as nothing: %(names)s.") % {"names": names}
    totals = [one for one in yielded.guessed if one.count is not None and one.count.kinds is None]
    if totals:
        yield ngettext(
            "Of %(number)d performance only the total was told, so all of its tickets count as paid.",
            "Of %(number)d performances only the total was told, so all of their tickets count as paid.",
            len(totals),
        ) % {"number": len(totals)}
    if len(totals) < len(yielded.guessed):
        yield _("Tickets of the kind 'other' count as paid.")
    if not yielded.divided and (sums is None or not sums.settlement.missing):
        yield _("An amount that DIP gives once is taken to be for all performances together.")
    yield _("The marked lines rest on a reading of the rules that DIP does not publish.")


def _in_words(played: Played, count: TicketCount) -> str:
    words = {
        "source": count.get_source_display(),
        "tickets": count.tickets,
        "revenue": format_cents(count.revenue_cents),
        "when": moment(count.counted_at),
    }
    if count is played.count:
        return _("%(source)s: %(tickets)d tickets, %(revenue)s, counted %(when)s. This one counts here.") % words
    return _("%(source)s: %(tickets)d tickets, %(revenue)s, counted %(when)s.") % words
