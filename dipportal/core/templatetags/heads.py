"""Around a list: `{% sort_header label "date" listing.order %}` and `{% pager listing.page %}`."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from dipportal.core import heads

register = template.Library()


@register.simple_tag(takes_context=True)
def sort_header(context: Any, label: str, field: str, current: str, numeric: Any = False) -> SafeString:
    return heads.sort_header(context.request.GET, label, field, current, numeric=bool(numeric))


@register.simple_tag(takes_context=True)
def pager(context: Any, page: Any) -> SafeString:
    return heads.pager(context.request.GET, page)
