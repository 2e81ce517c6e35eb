"""What stands in the rows of this area's lists, made without including a template for each."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.contracts.models import Contract
from dipportal.core import dates, markup
from dipportal.providers.history import state_of
from dipportal.providers.templatetags.stock import choosable

register = template.Library()


@register.simple_tag
def agreement_state(contract: Contract) -> SafeString:
    """How an agreement stands: its status, or that it was given up, or that it is an adapted proposal."""
    return markup.status(*state_of(contract))


@register.simple_tag
def tick(name: str, row: Any) -> SafeString:
    """The tick box of a concept or a performance; it belongs to the form of many_button.html further down. '' where
    nothing can be done with it at once."""
    if not choosable(row):
        return SafeString("")
    label = _("Choose: %(row)s") % {"row": row}
    return format_html(
        '<input type="checkbox" form="many-form" name="{}" value="{}" aria-label="{}">', name, row.pk, label
    )


@register.simple_tag
def age_of(contract: Contract) -> str:
    """How long an agreement has been as it is, in words; '' when nobody said since when."""
    if contract.discarded_at:
        return _("%(age)s ago") % {"age": dates.ago(contract.discarded_at)}
    if contract.status == "concept":
        return _("made %(age)s ago") % {"age": dates.ago(contract.created_at)}
    if contract.status == "proposed":
        return _("waits %(age)s") % {"age": dates.ago(contract.proposed_at)}
    if contract.answered_at:
        return _("answered %(age)s ago") % {"age": dates.ago(contract.answered_at)}
    return ""
