"""What a mail about an agreement says: action first, who, what, where, the amounts that matter, one button.

Pure: reads the agreement and the journal line, writes nothing. Call within `translation.override(reader.language)`.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from dipportal.catalogue.models import Performance
from dipportal.contracts import rules
from dipportal.contracts.differences import Comparison, Part, compare, since_withdrawn, version_before
from dipportal.contracts.display import text_of
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, START_TIME, Group, rejection_label
from dipportal.core import dates
from dipportal.journal.models import ActorKind, Entry
from dipportal.notifications import words
from dipportal.notifications.enums import Kind, Why
from dipportal.notifications.recipients import Reader
from dipportal.notifications.text import tidy

# A yes or no that only says something beside an amount.
BESIDE = {
    "guarantee_per_performance": ("provider_guarantee", "receiver_guarantee", "suppletion_guarantee"),
    "copyright_part_added": ("copyright_percentage",),
}


@dataclass(frozen=True)
class Line:
    label: str
    value: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evening:
    when: str
    where: str
    note: str = ""


@dataclass(frozen=True)
class Quote:
    """Somebody's own words, with what they are."""

    label: str
    text: str


@dataclass(frozen=True)
class Deal:
    """An agreement with the evenings in order, read once for all its readers.

    `comparison`: with the version that the readers of this event saw last, when the event brings new terms.
    """

    contract: Contract
    event: Entry
    performances: tuple[Performance, ...]
    comparison: Comparison | None = None

    @classmethod
    def of(cls, contract: Contract, event: Entry) -> "Deal":
        evenings = contract.performances.select_related("hall", "theater").order_by("starts_at", "pk")
        return cls(contract, event, tuple(evenings), _comparison(contract, event))


def _comparison(contract: Contract, event: Entry) -> Comparison | None:
    """Proposed terms go to the receiver, adapted ones to the provider: each sees what differs for its side."""
    if event.code not in ("contract.proposed", "contract.countered"):
        return None
    reader = contract.theater.receiver if event.code == "contract.proposed" else contract.provider
    again = since_withdrawn(contract, reader=reader)
    if again is not None:
        return again
    before = version_before(contract, reader)
    return compare(before, contract, reader=reader) if before else None


def render(kind: Kind, deal: Deal, reader: Reader) -> tuple[str, str, str]:
    """Subject, text and HTML for one reader."""
    context = letter(kind, deal, reader)
    text = tidy(render_to_string("mail/agreement.txt", context))
    return context["subject"], text, render_to_string("mail/agreement.html", context)


def letter(kind: Kind, deal: Deal, reader: Reader) -> dict[str, Any]:
    contract, event = deal.contract, deal.event
    full = kind != Kind.WITHDRAWAL
    return {
        "language": reader.language,
        "subject": f"{_action(kind, event)}: {_subject(deal, reader)}",
        "action": _action(kind, event),
        "title": contract.production.title,
        "opening": _opening(kind, deal),
        "version": contract.number if contract.number > 1 else None,
        "notes": words.notes(kind, deal, reader),
        "quotes": _quotes(kind, contract, event),
        "differences": _differences(deal.comparison) if deal.comparison else None,
        "rejected": _rejected(deal) if event.code == "contract.rejected" else [],
        "facts": _facts(contract, reader),
        "evenings": [_evening(performance) for performance in deal.performances],
        "amounts": _amounts(contract) if full else [],
        "remarks": contract.remarks if full else "",
        "button": _button(kind, contract, reader),
        "no_access": _no_access(kind, reader),
        "call": _call(contract, reader),
        "why": _why(contract, reader),
        "preferences": settings.PUBLIC_URL + reverse("preferences") if reader.user else "",
    }


def _action(kind: Kind, event: Entry) -> str:
    if said := words.action(kind, event):
        return said
    if kind is Kind.ANSWER:
        return _("Approved") if event.code == "contract.approved" else _("Rejected")
    return {
        Kind.PROPOSAL: pgettext("subject of a mail", "Answer"),
        Kind.WITHDRAWAL: _("Withdrawn"),
        Kind.CONFLICT: _("Two answers"),
    }[kind]


def _subject(deal: Deal, reader: Reader) -> str:
    """'partage for De Storm, Thu 12 Mar 2026, Grote zaal'; a provider also needs to know which theater."""
    contract = deal.contract
    what = _("%(type)s for %(title)s") % {
        "type": contract.get_type_display().lower(),
        "title": Truncator(contract.production.title).chars(80),
    }
    halls = {performance.hall.name for performance in deal.performances if performance.hall}
    hall = halls.pop() if len(halls) == 1 else ""
    own_house = reader.organisation is not None and reader.organisation.is_receiver
    places = [hall or contract.theater.name] if own_house else [contract.theater.name, hall]
    return ", ".join(part for part in (what, _days(deal.performances), *places) if part)


def _days(performances: tuple[Performance, ...]) -> str:
    if not performances:
        return ""
    first, more = dates.day(performances[0].starts_at), len(performances) - 1
    if not more:
        return first
    return ngettext("%(day)s and %(count)d more", "%(day)s and %(count)d more", more) % {"day": first, "count": more}


def _opening(kind: Kind, deal: Deal) -> str:
    contract, event = deal.contract, deal.event
    if said := words.opening(kind, deal):
        return said
    names = {
        "who": event.who,
        "provider": contract.provider.name,
        "receiver": contract.theater.name,
    }
    in_dip = event.actor_kind == ActorKind.PULL
    sentences = {
        "contract.proposed": (_("%(who)s of %(provider)s proposes this agreement to %(receiver)s."),
                              _("%(provider)s proposed this agreement to %(receiver)s in DIP.")),
        "contract.withdrawn": (_("%(who)s of %(provider)s took this proposal back. You need not answer it any more."),
                               _("%(provider)s took this proposal back. You need not answer it any more.")),
        "contract.approved": (_("%(who)s approved your proposal for %(receiver)s."),
                              _("%(receiver)s approved your proposal in DIP.")),
        "contract.rejected": (_("%(who)s rejected your proposal for %(receiver)s."),
                              _("%(receiver)s rejected your proposal in DIP.")),
    }  # fmt: skip
    if kind is Kind.CONFLICT:
        return (
            _(
                "This agreement between %(provider)s and %(receiver)s was answered differently here and in DIP. "
                "Both answers stand; %(provider)s settles it with a next version."
            )
            % names
        )
    return sentences[event.code][in_dip] % names


def _quotes(kind: Kind, contract: Contract, event: Entry) -> list[Quote]:
    if not event.reason or kind is Kind.REOPENED:
        return []
    label = {
        "contract.countered": _("Remark"),
        "contract.declined": _("Reason"),
        "contract.retracted": _("Reason"),
        "contract.approved": _("Note"),
        "contract.rejected": _("Reason"),
        "contract.withdrawn": _("Reason"),
        "contract.conflict": _("What differs"),
        "contract.resolved": _("What differed"),
    }.get(event.code, _("Note"))
    return [Quote(label, event.reason)]


def _rejected(deal: Deal) -> list[Line]:
    """What was ticked, with what stood there. A rejection without ticks is one of the whole proposal."""
    lines = []
    suggested = rules.suggested_values(deal.contract)
    for name in deal.contract.rejected_terms:
        if name == START_TIME:
            value = ", ".join(dict.fromkeys(f"{localtime(evening.starts_at):%H:%M}" for evening in deal.performances))
        else:
            term = BY_NAME.get(name)
            value = text_of(term, term.value(deal.contract)) if term else ""
        wish = text_of(BY_NAME[name], suggested[name]) if name in suggested else ""
        remark = str(deal.contract.suggestions.get(name, {}).get("remark") or "")
        said = (_("Suggested: %(value)s") % {"value": wish} if wish else "", remark)
        notes = tuple(note for note in said if note)
        lines.append(Line(str(rejection_label(name)), Truncator(value).chars(120), notes))
    return lines


def _differences(comparison: Comparison) -> dict[str, Any]:
    """What differs, as flat lines; the same that the page shows."""
    return {
        # None: the same version, withdrawn and proposed again.
        "number": comparison.old.number if comparison.old.pk != comparison.new.pk else None,
        "lines": [_shown(line) for line in comparison.lines()],
        "added": [_evening(performance) for performance in comparison.added],
        "removed": [_evening(performance) for performance in comparison.removed],
        "differs": comparison.differs,
    }


def _shown(line: Part) -> Part:
    nothing = _("nothing")
    return Part(line.label, line.old or nothing, line.new or nothing)


def _facts(contract: Contract, reader: Reader) -> list[Line]:
    theater = contract.theater
    facts = [
        (_("Production"), contract.production.title),
        (_("Provider"), contract.provider.name),
        (_("Producer"), contract.producer.name),
        (_("Theater"), f"{theater.name}, {theater.city}" if theater.city else theater.name),
        (_("Type"), contract.get_type_display()),
        (_("Version"), str(contract.number) if contract.number > 1 else ""),
        (_("Reference"), contract.reference),
        (_("Own reference"), contract.own_reference if reader.organisation == contract.provider else ""),
    ]
    return [Line(label, value) for label, value in facts if value]


def _evening(performance: Performance) -> Evening:
    where = performance.hall.name if performance.hall else performance.theater.name
    return Evening(dates.moment(performance.starts_at), where, _("cancelled") if performance.cancelled else "")


def _amounts(contract: Contract) -> list[Line]:
    values = contract.term_values()
    filled = {term.name for term in contract.terms if term.is_filled(values[term.name])}
    lines = []
    for term in contract.terms:
        beside = BESIDE.get(term.name)
        if term.group is Group.REMARKS or term.name not in filled or (beside and not filled & set(beside)):
            continue
        lines.append(Line(str(term.label), text_of(term, values[term.name])))
    return lines


def _button(kind: Kind, contract: Contract, reader: Reader) -> dict[str, str]:
    """The one page to go to. A withdrawn proposal has no page any more on the receiver's side."""
    to_answer = kind in (Kind.PROPOSAL, Kind.COUNTER) or (
        kind is Kind.DEADLINE and reader.organisation != contract.provider
    )
    if reader.organisation is None:
        label = _("Answer in DIP") if to_answer else _("Open DIP")
        return {} if kind is Kind.WITHDRAWAL else {"url": settings.DIP_DASHBOARD_URL, "label": label}
    if kind is Kind.WITHDRAWAL:
        home = settings.PUBLIC_URL + reader.organisation.home_url
        return {"url": home, "label": _("To what waits for you")} if reader.member else {}
    label = _("Look and answer") if to_answer else _("Open the agreement")
    return {"url": settings.PUBLIC_URL + contract.url_for(reader.organisation), "label": label}


def _no_access(kind: Kind, reader: Reader) -> str:
    if reader.member or reader.organisation is None or kind is Kind.WITHDRAWAL:
        return ""
    return _("You need an account of %(organisation)s for this. No account? Ask a colleague who has one.") % {
        "organisation": reader.organisation.name
    }


def _call(contract: Contract, reader: Reader) -> list[str]:
    """Whom to call on the other side: name, telephone, address; the contact on the agreement first."""
    if reader.organisation == contract.provider:
        other, address = contract.theater.receiver, contract.contact_receiver
        name = other.name if other else contract.theater.name
    else:
        other, address, name = contract.provider, contract.contact_provider, contract.provider.name
    if other is None:
        return [name, address] if address else []
    parts = [other.contact_name, name, other.contact_phone, address or other.contact_email]
    return [part for part in parts if part]


def _why(contract: Contract, reader: Reader) -> str:
    name = reader.organisation.name if reader.organisation else contract.theater.name
    return {
        Why.CONTACT: _("You get this because you are the contact on this agreement."),
        Why.PROPOSER: _("You get this because you made this proposal."),
        Why.MEMBER: _("You get this because you work for %(organisation)s.") % {"organisation": name},
        Why.OFFICE: _("You get this because this is the address of %(organisation)s in the portal.")
        % {"organisation": name},
        Why.TOLD: _("You get this because you got the mail that this one corrects."),
    }[reader.why]
