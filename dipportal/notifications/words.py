"""What happened, in the words of a mail: for what goes on after the first proposal and the first answer to it.

Pure. Call within `translation.override(reader.language)`.
"""

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from dipportal.contracts.enums import OUTSIDE, AnswerSource, Status
from dipportal.core import dates
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.notifications import conflicts
from dipportal.notifications.enums import Kind
from dipportal.notifications.recipients import Reader

if TYPE_CHECKING:
    from dipportal.notifications.letters import Deal

APPROVED, REJECTED = "contract.approved", "contract.rejected"


def is_outside(event: Entry) -> bool:
    """Was this answer given outside, and written down by the provider?"""
    return event.fields.get("source") in OUTSIDE


# --- the first words of the subject ----------------------------------------------------------------------------
def action(kind: Kind, event: Entry) -> str:
    """'' for what letters has its own words for."""
    if kind is Kind.DEADLINE:
        return _deadline(event)
    if kind is Kind.CONFLICT:
        return conflicts.action(event)
    if kind is Kind.RECORDED:
        return _("Approved on your behalf") if event.code == APPROVED else _("Rejected on your behalf")
    if kind is Kind.ANSWER:
        found = {
            "contract.adopted": pgettext("subject of a mail", "Agreed"),
            "contract.declined": pgettext("subject of a mail", "Not agreed"),
        }
        return found.get(event.code, "")
    return {
        Kind.COUNTER: _("Adapted proposal"),
        Kind.RETRACTION: _("Adapted proposal taken back"),
        Kind.REOPENED: _("Answer taken back"),
        Kind.SECOND: _("Second yes needed"),
    }.get(kind, "")


def _deadline(event: Entry) -> str:
    if event.code == "contract.expired":
        return _("Not answered in time")
    day = last_day(event)
    if event.code == "contract.extended":
        return _("Answer by %(day)s") % {"day": dates.day(day)} if day else _("No last day to answer any more")
    left = (day - timezone.localdate(event.at)).days if day else 0
    if left <= 0:
        return _("Today is the last day")
    return ngettext("%(count)d day left", "%(count)d days left", left) % {"count": left}


def last_day(event: Entry) -> dt.date | None:
    """The day that a line about the last day speaks of, as it was then."""
    given = event.fields.get("answer_by")
    text = given[1] if isinstance(given, list) else given
    return dt.date.fromisoformat(text) if text else None


# --- the first sentence ----------------------------------------------------------------------------------------
def opening(kind: Kind, deal: "Deal") -> str:
    """'' for what letters has its own words for."""
    contract, event = deal.contract, deal.event
    words = {
        "who": event.who,
        "provider": contract.provider.name,
        "receiver": contract.theater.name,
        "number": contract.number,
        "how": _how(event),
        "day": dates.day(last_day(event)) if kind is Kind.DEADLINE else "",
    }
    if kind is Kind.RECORDED:
        return _recorded(event) % words
    if kind is Kind.ANSWER and is_outside(event):
        return (
            _("%(who)s recorded that %(receiver)s approved this proposal %(how)s.")
            if event.code == APPROVED
            else _("%(who)s recorded that %(receiver)s rejected this proposal %(how)s.")
        ) % words
    if kind is Kind.CONFLICT:
        return conflicts.opening(deal)
    if kind is Kind.SECOND:
        return _second(deal) % words
    if kind is Kind.REOPENED:
        return _reopened(event) % words
    return _sentences(deal).get(event.code, "") % words


def _sentences(deal: "Deal") -> dict[str, str]:
    until = _("%(provider)s moved the last day to answer this proposal: it is %(day)s now.")
    endless = _("%(provider)s took the last day off this proposal: you can answer it as long as it stands.")
    return {
        "contract.countered": _("%(who)s of %(receiver)s sends an adapted proposal back. You can accept it as it is."),
        "contract.retracted": _(
            "%(who)s of %(receiver)s took the adapted proposal back. You need not answer it any more."
        ),
        "contract.adopted": _("%(who)s of %(provider)s accepts the adapted proposal of %(receiver)s as it is."),
        "contract.declined": _("%(who)s of %(provider)s does not accept the adapted proposal of %(receiver)s."),
        "contract.extended": until if last_day(deal.event) else endless,
        "contract.reminded": _(
            "%(provider)s waits for an answer from %(receiver)s. The last day to approve is %(day)s."
        ),
        "contract.expired": _("The last day to approve this proposal was %(day)s, and %(receiver)s gave no answer."),
    }


def _how(event: Entry) -> str:
    return {
        AnswerSource.TELEPHONE: _("by telephone"),
        AnswerSource.LETTER: _("by letter"),
        AnswerSource.EMAIL: _("by e-mail"),
    }.get(event.fields.get("source", ""), "")


def _recorded(event: Entry) -> str:
    if event.code == APPROVED:
        return _("%(who)s of %(provider)s recorded on your behalf that you approved this proposal %(how)s.")
    return _("%(who)s of %(provider)s recorded on your behalf that you rejected this proposal %(how)s.")


def _reopened(event: Entry) -> str:
    if Status.APPROVED in event.fields.get("status", ()):
        return _("%(who)s took the approval back: it was a slip. The proposal stands open again.")
    return _("%(who)s took the rejection back: it was a slip. The proposal stands open again.")


def _second(deal: "Deal") -> str:
    if deal.event.audience == Audience.RECEIVER:
        return _("%(who)s approves this proposal as the first of two. It counts once a colleague approves it as well.")
    if deal.contract.is_counter:
        return _(
            "%(who)s accepts this adapted proposal as the first of two. It counts once a colleague does so as well."
        )
    return _(
        "%(who)s agrees to propose this, as the first of two. It goes to the theater once a colleague does so too."
    )


# --- what else must be known -----------------------------------------------------------------------------------
def notes(kind: Kind, deal: "Deal", reader: Reader) -> list[str]:
    contract = deal.contract
    words = {"provider": contract.provider.name, "receiver": contract.theater.name}
    found = [_last_day(kind, deal), _in_reply(kind, deal), _in_force(kind, deal)]
    if kind is Kind.RECORDED:
        found.append(_("Is this not right? Call %(provider)s at once; whom to call stands below.") % words)
    if kind is Kind.ANSWER and deal.event.code == "contract.declined":
        found.append(_("So there is no agreement on these terms. %(provider)s can go on with a next version.") % words)
    if deal.event.code == "contract.expired":
        found.append(_how_to_go_on(own=reader.organisation == contract.provider) % words)
    return [sentence for sentence in found if sentence]


def _how_to_go_on(*, own: bool) -> str:
    if own:
        return _("It can no longer be approved. To go on, give it another last day on its page, or withdraw it.")
    return _(
        "You can no longer approve it. To go on, ask %(provider)s for another last day, reject it, or send an adapted "
        "proposal back."
    )


def _last_day(kind: Kind, deal: "Deal") -> str:
    day = deal.contract.answer_by
    if kind is not Kind.PROPOSAL or day is None:
        return ""
    return _("The last day to approve it is %(day)s.") % {"day": dates.day(day)}


def _in_reply(kind: Kind, deal: "Deal") -> str:
    before = deal.contract.parent
    if kind is not Kind.PROPOSAL or before is None or not before.is_counter:
        return ""
    return _("It is the answer to your adapted proposal, version %(number)d.") % {"number": before.number}


def _in_force(kind: Kind, deal: "Deal") -> str:
    """A revision: which version counts now."""
    agreed, code = deal.contract.revises, deal.event.code
    if agreed is None or kind in (Kind.CONFLICT, Kind.DEADLINE):
        return ""
    if kind is Kind.REOPENED:
        was_approved = Status.APPROVED in deal.event.fields.get("status", ())
        sentence = _("Version %(number)d is in force again.") if was_approved else ""
    elif code in (APPROVED, "contract.adopted"):
        sentence = _("It replaces version %(number)d, which was in force until now.")
    elif kind in (Kind.PROPOSAL, Kind.COUNTER, Kind.SECOND):
        sentence = _("This is a revision: version %(number)d stays in force until this one is approved.")
    else:
        sentence = _("Version %(number)d stays in force.")
    return sentence % {"number": agreed.number}
