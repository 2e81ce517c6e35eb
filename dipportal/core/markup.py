"""The pieces that stand in every row of a list, as HTML: icon, badge, status, date.

The components of the same names give these too. A list calls them directly, because including a template fifteen
times a row costs more than everything else on the page.
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from django.core.signals import setting_changed
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

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


NOTHING = SafeString('<span class="nothing">–</span>')


@lru_cache(maxsize=1)
def _sprite() -> str:
    """The address of the file with the icons: one for as long as the process runs."""
    return static("icons.svg")


def _forget_sprite(**_named: object) -> None:
    _sprite.cache_clear()
    _icon.cache_clear()
    _badge.cache_clear()


# Where the files lie is a setting, which only tests change.
setting_changed.connect(_forget_sprite)


def icon(name: str) -> SafeString:
    """A decorative icon from static/icons.svg; `name` is the id of its symbol."""
    return _icon(str(name))


@lru_cache(maxsize=512)
def _icon(name: str) -> SafeString:
    return SafeString(
        '<svg class="icon" aria-hidden="true">'
        f'<use href="{conditional_escape(_sprite())}#{conditional_escape(name)}"/></svg>'
    )


def badge(label: str | Promise, tone: str = "", icon_name: str = "") -> SafeString:
    return _badge(str(label), str(tone), str(icon_name))


# A word that is safe as it stands is another than the same word that is not.
@lru_cache(maxsize=1024, typed=True)
def _badge(label: str, tone: str, icon_name: str) -> SafeString:
    picture = icon(icon_name) if icon_name else ""
    text = conditional_escape(label)
    return SafeString(f'<span class="badge tone-{conditional_escape(tone or "neutral")}">{picture}{text}</span>')


def status(code: str, label: str | Promise = "") -> SafeString:
    """Icon and word, never colour alone; without a label the code is shown. '' without a code."""
    if not code:
        return SafeString("")
    look = LOOKS.get(code, OTHER)
    return badge(label or code, look.tone, look.icon)


def date(value: dt.date | dt.datetime | None, style: str = "", bare: bool = False) -> SafeString:
    """`style`: moment (the default), day, or ago (the age in words). `bare`: the words alone, for a long list."""
    return dated(value, style, bare, timezone.get_current_timezone())


def dated(value: dt.date | dt.datetime | None, style: str, bare: bool, zone: dt.tzinfo) -> SafeString:
    """`date` in a time zone that is known."""
    return _dated(value, style, bare, zone, get_language() or "")


class Dates:
    """`date` for a whole list, which looks up once what time zone and what language are in force."""

    def __init__(self) -> None:
        self.zone, self.language = timezone.get_current_timezone(), get_language() or ""

    def of(self, value: dt.date | dt.datetime | None, style: str = "", *, bare: bool = False) -> SafeString:
        return _dated(value, style, bare, self.zone, self.language)

    def ago(self, value: dt.datetime | None) -> str:
        return escape(dates.ago(value, self.language))


def _dated(value: dt.date | dt.datetime | None, style: str, bare: bool, zone: dt.tzinfo, language: str) -> SafeString:
    if not value:
        return NOTHING if bare else SafeString(not_shown(gettext("no date")))
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = value.astimezone(zone)
    if not isinstance(value, dt.datetime):
        if style != "day":
            raise TypeError(f"{value} has no time of day; show it as a day")
        words = dates.day_in(value, language)
        return SafeString(words if bare else f'<time datetime="{value.isoformat()}">{words}</time>')
    on = value.date()
    words = dates.day_in(on, language)
    if style == "day":
        return SafeString(words if bare else f'<time datetime="{on.isoformat()}">{words}</time>')
    words = f"{words}, {value.hour:02}:{value.minute:02}"
    if bare and style != "ago":
        return SafeString(words)
    exact = value.isoformat(timespec="minutes")
    title, text = (f' title="{words}"', conditional_escape(dates.ago(value))) if style == "ago" else ("", words)
    return SafeString(f'<time datetime="{exact}"{title}>{text}</time>')


def not_shown(words: str) -> str:
    """A dash for the eye, and words for the ear."""
    return f'<span class="nothing"><span aria-hidden="true">–</span>{aloud(words)}</span>'


def dip_id(value: str) -> SafeString:
    """A number or id that DIP gave, with a button to copy it when scripts run; says so while DIP has not given one."""
    return SafeString(DipIds().of(value))


class DipIds:
    """The same for a whole list, with its words looked up once."""

    def __init__(self) -> None:
        self._none, self._copy = nothing(gettext("not yet in DIP")), aloud(gettext("Copy %(value)s"))
        self._copied, self._icon = conditional_escape(gettext("Copied")), icon("copy")

    def of(self, value: str) -> str:
        if not value:
            return self._none
        number = escape(value)
        return (
            f'<span class="dip-id"><code>{number}</code>\n<button class="icon-button" type="button" hidden '
            f'data-copy="{number}" data-copied="{self._copied}">{self._icon}{self._copy % {"value": number}}</button>'
            "</span>"
        )


# --- the cells of a row -------------------------------------------------------------------------------------------
def cell(label: str, content: str, css: str = "") -> str:
    """A cell of a table that becomes a card on a telephone, where `label` stands before it. Both are HTML."""
    look = f' class="{css}"' if css else ""
    return f'<td{look} data-label="{label}">{content}</td>'


def sub(content: str) -> str:
    """The second line of a cell; '' when there is nothing to say. `content` is HTML."""
    return f'<div class="sub">{content}</div>' if content else ""


def nothing(words: str) -> str:
    return f'<span class="nothing">{conditional_escape(words)}</span>'


def aloud(words: str) -> str:
    """What is only read aloud."""
    return f'<span class="visually-hidden">{conditional_escape(words)}</span>'


def whole(number: int) -> str:
    """A whole number as the reader's language writes it."""
    return str(number) if -1000 < number < 1000 else str(localize(number))


def words(choices: Iterable[tuple[Any, Any]]) -> dict[str, SafeString]:
    """The labels of choices in the language in force, as HTML: looked up once a list instead of once a row."""
    return {str(value): conditional_escape(str(label)) for value, label in choices}
