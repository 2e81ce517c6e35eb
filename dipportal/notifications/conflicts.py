"""Conflicts with DIP in the words of a mail: found, and what was chosen. The words only; which are mailed once.

Words are to be asked for within `translation.override(reader.language)`.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Production
from dipportal.core import dates
from dipportal.journal.actions import on
from dipportal.journal.models import Entry
from dipportal.notifications import recipients
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.recipients import Reader
from dipportal.notifications.text import tidy

if TYPE_CHECKING:
    from dipportal.notifications.letters import Deal


def action(event: Entry) -> str:
    """The first words of the subject; '' for what letters has its own words for."""
    kind = event.fields.get("kind")
    if event.code == "contract.resolved":
        if kind == "answers.keep":
            return _("Give the same answer in DIP")
        return _("Conflict with DIP resolved")
    return {
        "terms": _("Other terms in DIP"),
        "changed": _("Changed here and in DIP"),
        "vanished": _("Gone from DIP"),
        "double": _("Twice in DIP"),
    }.get(str(kind), "")


def opening(deal: "Deal") -> str:
    """The first sentence; '' for what letters has its own words for."""
    event = deal.event
    names = {"who": event.who, "provider": deal.contract.provider.name, "receiver": deal.contract.theater.name}
    kind = str(event.fields.get("kind"))
    return (_chosen(kind) if event.code == "contract.resolved" else _found(kind)) % names


def _found(kind: str) -> str:
    return {
        "terms": _("In DIP, this agreement between %(provider)s and %(receiver)s has other terms than here. "
                   "Nothing was overwritten; %(provider)s clears it up."),
        "changed": _("This agreement between %(provider)s and %(receiver)s was changed here and in DIP. "
                     "Nothing was overwritten; choose on its page which counts."),
        "vanished": _("DIP no longer has this agreement between %(provider)s and %(receiver)s. "
                      "What stands here is still here."),
        "double": _("DIP has more than one agreement between %(provider)s and %(receiver)s that looks like this one. "
                    "Choose on its page which counts."),
    }.get(kind, "")  # fmt: skip


def _chosen(kind: str) -> str:
    return {
        "terms.keep": _("%(who)s of %(provider)s chose: the terms in the portal count. "
                        "%(provider)s puts DIP right."),
        "terms.take": _("%(who)s of %(provider)s chose: the terms that stand in DIP count. They stand below."),
        "terms.revise": _("%(who)s of %(provider)s chose: the terms in the portal count. "
                          "DIP gets them as a revision."),
        "answers.keep": _("%(who)s of %(provider)s chose: the answer given in the portal counts. "
                          "DIP lets only %(receiver)s change an answer there: please give the same answer in DIP."),
        "answers.take": _("%(who)s of %(provider)s chose: the answer given in DIP counts."),
        "changed.take": _("%(who)s of %(provider)s took over the terms that stand in DIP. They stand below."),
    }.get(kind, _("%(who)s of %(provider)s resolved a conflict with DIP."))  # fmt: skip


# --- productions and performances: the provider alone ------------------------------------------------------------
@on("dip.conflict")
def catalogue_conflict(event: Entry) -> None:
    """Of what a pull missed together there is one mail, that of the first, which names the others."""
    if event.organisation is None or "with" in event.fields:
        return
    readers = recipients.office(event.organisation, event)
    about = _about(event, [int(event.target_id), *event.fields.get("also", ())])
    post([_notice(event, about, reader) for reader in readers])


def _about(event: Entry, pks: list[int]) -> list[str]:
    if event.target_kind == Production._meta.label_lower:
        return list(Production.objects.filter(pk__in=pks).order_by("pk").values_list("title", flat=True))
    plays = Performance.objects.filter(pk__in=pks).select_related("production", "theater").order_by("pk")
    return [f"{play.production.title}, {dates.moment(play.starts_at)}, {play.theater.name}" for play in plays]


def _notice(event: Entry, about: list[str], reader: Reader) -> Mail:
    vanished = event.fields.get("kind") == "vanished"
    with translation.override(reader.language):
        subject = _("Gone from DIP: %(about)s") if vanished else _("Changed here and in DIP: %(about)s")
        if len(about) > 1:
            subject = _("Gone from DIP: %(about)s and %(more)s more")
        subject %= {"about": about[0], "more": len(about) - 1}
        given = {
            "about": about,
            "vanished": vanished,
            "differs": event.reason,
            "link": settings.PUBLIC_URL + (reader.organisation.home_url if reader.organisation else "/"),
            "organisation": reader.organisation,
            "subject": subject,
            "language": reader.language,
        }
        text = tidy(render_to_string("mail/catalogue_conflict.txt", given))
        html = render_to_string("mail/catalogue_conflict.html", given)
    return Mail(
        kind=Kind.CONFLICT,
        event=event,
        event_key=f"journal:{event.pk}",
        thread=event.thread,
        recipient=reader.address,
        user=reader.user,
        organisation=reader.organisation,
        language=reader.language,
        subject=subject,
        text=text,
        html=html,
    )
