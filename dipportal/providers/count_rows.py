"""The theaters that owe a count, as HTML; see rows.py for how."""

from collections.abc import Iterable
from html import escape

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Theater
from dipportal.core import markup
from dipportal.core.grouping import grouped
from dipportal.core.markup import cell, nothing, sub
from dipportal.core.templatetags.portal import row_url
from dipportal.ticketing.models_sums import OwedCount


def silent_theaters(rows: Iterable[tuple[Theater, dict[str, object], list[OwedCount]]], slug: str) -> SafeString:
    """Each theater that owes counts, the performances of which it owes them, and whom to ask for them."""
    before, after = row_url("providers:production_counts", slug)
    when = markup.Dates()
    number, since, which, contact = (
        esc(text) for text in (_("Counts owed"), _("Silent since"), _("Performances"), _("Contact"))
    )
    more, none_yet = esc(_("and %(number)s more")), esc(_("%(number)s without any count"))
    never_told, unknown = esc(_("no count yet")), nothing(_("not known"))
    found = []
    for theater, row, named in rows:
        owed, never = int(row["owed"]), int(row["never"])  # type: ignore[call-overload]
        plays = "".join(
            f'<div>{when.of(one.starts_at, bare=True)} · <a href="{before}{one.production_id}{after}">'
            f"{escape(one.production.title)}</a></div>"
            for one in named
        )
        rest = owed - len(named)
        told = row["since"]
        address = theater.contact  # type: ignore[attr-defined]
        found.append(
            f'<tr>\n<th scope="row">{escape(theater.name)}{sub(escape(theater.city))}</th>'
            + cell(number, grouped(owed), "numeric")
            + cell(
                since,
                (when.of(told, "day", bare=True) if told else "")  # type: ignore[arg-type]
                + (sub(none_yet % {"number": grouped(never)}) if told and never else "")
                + (never_told if not told else ""),
            )
            + cell(which, plays + (sub(more % {"number": grouped(rest)}) if rest > 0 else ""))
            + cell(contact, f'<a href="mailto:{escape(address)}">{escape(address)}</a>' if address else unknown)
            + "</tr>\n"
        )
    return SafeString("".join(found))
