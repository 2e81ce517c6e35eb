"""The pieces that stand in every row of a list, as HTML: icon, badge, status, date.

The components of the same names give these too. A list calls them directly, because including a template fifteen
times a row costs more than everything else on the page.
"""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from dipportal.core import dates


class Look(NamedTuple):
    tone: str
    icon: str


CONCEPT = Look("neutral", icon="pencil")
SENT = Look("info", icon="send")
COUNTER = Look("warning", icon="arrows-exchange")
GOOD = Look("success", icon="circle-check")
BAD = Look("danger", icon="circle-x")
DOUBT = Look("warning", icon="alert-triangle")
PAST = Look("neutral", icon="history")
TAKEN_BACK = Look("neutral", icon="arrow-back-up")
OFF = Look("danger", icon="ban")
WAITING = Look("neutral", icon="clock")
BUSY = Look("info", icon="refresh")
OTHER = Look("neutral", icon="info-circle")
# How each state of an agreement, a performance or a job looks.
LOOKS = {
    **dict.fromkeys(("concept", "draft"), CONCEPT),
    **dict.fromkeys(("proposed", "sent"), SENT),
    **dict.fromkeys(("countered", "counter"), COUNTER),
    **dict.fromkeys(("approved", "done", "succeeded", "accepted", "agreed"), GOOD),
    **dict.fromkeys(("rejected", "failed", "attention"), BAD),
    **dict.fromkeys(("conflict", "partial", "missing"), DOUBT),
    **dict.fromkeys(("revised", "superseded"), PAST),
    **dict.fromkeys(("withdrawn", "revoked"), TAKEN_BACK),
    **dict.fromkeys(("cancelled", "expired"), OFF),
    **dict.fromkeys(("waiting", "queued", "pending"), WAITING),
    **dict.fromkeys(("running", "claimed", "unclear"), BUSY),
}


def icon(name: str) -> SafeString:
    """A decorative icon from static/icons.svg; `name` is the id of its symbol."""
    return _icon(str(name), static("icons.svg"))


@lru_cache(maxsize=512)
def _icon(name: str, sprite: str) -> SafeString:
    return SafeString(
        '<svg class="icon" aria-hidden="true">'
        f'<use href="{conditional_escape(sprite)}#{conditional_escape(name)}"/></svg>'
    )


def badge(label: str | Promise, tone: str = "", icon_name: str = "") -> SafeString:
    picture = icon(icon_name) if icon_name else ""
    text = conditional_escape(str(label))
    return SafeString(f'<span class="badge tone-{conditional_escape(tone or "neutral")}">{picture}{text}</span>')


def status(code: str, label: str | Promise = "") -> SafeString:
    """Icon and word, never colour alone; without a label the code is shown. '' without a code."""
    if not code:
        return SafeString("")
    look = LOOKS.get(code, OTHER)
    return badge(label or code, look.tone, look.icon)


def date(value: dt.date | dt.datetime | None, style: str = "", bare: bool = False) -> SafeString:
    """`style`: moment (the default), day, or ago (the age in words). `bare`: the words alone, for a long list."""
    if not value and bare:
        return SafeString('<span class="nothing">–</span>')
    if not value:
        word = conditional_escape(gettext("no date"))
        return SafeString(
            f'<span class="nothing"><span aria-hidden="true">–</span><span class="visually-hidden">{word}</span></span>'
        )
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    if style == "day":
        words = dates.day(value)
        return SafeString(words if bare else f'<time datetime="{value:%Y-%m-%d}">{words}</time>')
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value} has no time of day; show it as a day")
    words = dates.moment(value)
    if style == "ago":
        age = conditional_escape(dates.ago(value))
        exact = value.isoformat(timespec="minutes")
        return SafeString(f'<time datetime="{exact}" title="{words}">{age}</time>')
    exact = value.isoformat(timespec="minutes")
    return SafeString(words if bare else f'<time datetime="{exact}">{words}</time>')
