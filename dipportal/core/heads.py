"""What stands around the rows of a list, as HTML: a heading that sorts it, and the way to its other pages.

The components of the same names give these too, with what they are told.
"""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.core.markup import icon, whole


def href(query: QueryDict, changes: Mapping[str, Any]) -> str:
    """This page's address with other values, as HTML. A value of None is left out; the others keep their place."""
    pairs = []
    for name, values in query.lists():
        if name not in changes:
            pairs += [(name, value) for value in values]
        elif changes[name] is not None:
            pairs.append((name, changes[name]))
    pairs += [(name, value) for name, value in changes.items() if value is not None and name not in query]
    return escape(f"?{urlencode(pairs)}")


def sort_header(query: QueryDict, label: str, field: str, current: str, *, numeric: bool = False) -> SafeString:
    """A column heading that sorts its list. `current`: the order in force, like date or -date."""
    falling = f"-{field}"
    order, direction, arrow = field, "", "arrows-sort"
    if current == field:
        order, direction, arrow = falling, ' aria-sort="ascending"', "arrow-up"
    elif current == falling:
        direction, arrow = ' aria-sort="descending"', "arrow-down"
    look = ' class="numeric"' if numeric else ""
    address = href(query, {"order": order, "page": None})
    return SafeString(
        f'<th scope="col"{direction}{look}>\n<a class="sort-link" href="{address}">{esc(label)}{icon(arrow)}</a>\n</th>'
    )


def pager(query: QueryDict, page: Any) -> SafeString:
    """Which part of a list is shown, and the way to the rest. `page`: a Page of Django's paginator."""
    pages = getattr(page, "paginator", None)
    if pages is None or not pages.count:
        return SafeString("")
    more = getattr(pages, "more", False)
    part = _("%(first)s–%(last)s of more than %(total)s") if more else _("%(first)s–%(last)s of %(total)s")
    numbers = {"first": whole(page.start_index()), "last": whole(page.end_index()), "total": whole(pages.count)}
    others = _others(query, page, more=more) if pages.num_pages > 1 else ""
    return SafeString(
        f'<nav class="pager" aria-label="{esc(_("Pages"))}">\n<p data-count>{esc(part % numbers)}</p>\n{others}</nav>'
    )


def _others(query: QueryDict, page: Any, *, more: bool) -> str:
    before = after = ""
    if page.has_previous():
        way = href(query, {"page": page.number - 1})
        label = esc(_("Previous"))
        before = f'<li><a class="btn" rel="prev" href="{way}">{icon("chevron-left")}\n{label}</a></li>\n'
    if page.has_next():
        way, label = href(query, {"page": page.number + 1}), esc(_("Next"))
        after = f'<li><a class="btn" rel="next" href="{way}">{label}\n{icon("chevron-right")}</a></li>\n'
    where = _("Page %(number)s") if more else _("Page %(number)s of %(total)s")
    text = esc(where % {"number": whole(page.number), "total": whole(page.paginator.num_pages)})
    return f'<ul>\n{before}<li class="pager-where">{text}</li>\n{after}</ul>\n'
