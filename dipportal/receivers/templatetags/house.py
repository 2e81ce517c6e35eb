"""What stands in the rows of this area's lists, made without including a template for each."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.contracts.models import Contract
from dipportal.core import dates, markup
from dipportal.receivers.reading import Marks, state_of

register = template.Library()


@register.simple_tag
def agreement_state(contract: Contract) -> SafeString:
    """The status as the receiver reads it: an adapted proposal of its own waits for the provider."""
    state = state_of(contract)
    return markup.status(state.code, state.label)


@register.simple_tag
def tick(contract: Contract, marks: Marks) -> SafeString:
    """The cell with the box with which a proposal is chosen; empty when it is not open to an answer."""
    if contract.pk not in marks.tickable:
        return SafeString('<td class="tick"></td>')
    words = {"title": contract.production.title, "when": dates.day(contract.first_at)}
    return format_html(
        '<td class="tick"><label><input type="checkbox" name="chosen" value="{}:{}">'
        '<span class="visually-hidden">{}</span></label></td>',
        contract.pk,
        contract.version,
        _("Choose %(title)s, %(when)s") % words,
    )


@register.simple_tag
def due(contract: Contract, marks: Marks) -> SafeString:
    """Until when a proposal can be approved."""
    if not contract.answer_by or contract.status != "proposed" or contract.is_counter:
        return format_html(
            '<span class="nothing"><span aria-hidden="true">–</span><span class="visually-hidden">{}</span></span>',
            _("no last day"),
        )
    late = markup.status("expired", _("expired")) if contract.pk in marks.expired else ""
    return format_html("{} {}", markup.date(contract.answer_by, "day"), late)
