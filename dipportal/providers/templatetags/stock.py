"""What the forms of agreements offer from the stock: snippets for the remarks, and templates of the type."""

from typing import Any

from django import template

from dipportal.contracts import rules, stock
from dipportal.contracts.models import Contract
from dipportal.organisations.models import Organisation

register = template.Library()


@register.inclusion_tag("providers/snippet_choice.html")
def snippet_choice(organisation: Organisation, form: Any) -> dict[str, Any]:
    """To stand inside the form that has the remarks."""
    return {"snippets": stock.snippets_of(organisation), "target": form["remarks"].id_for_label}


@register.inclusion_tag("providers/template_choice.html", takes_context=True)
def template_choice(context: Any, organisation: Organisation, kind: str, theater: Any) -> dict[str, Any]:
    """A form of its own that loads the page again with the terms of a template."""
    query = context["request"].GET
    offered = [
        one for one in stock.templates_of(organisation).filter(type=kind) if one.theater_id in (None, theater.pk)
    ]
    kept = [(name, value) for name, values in query.lists() if name != "template" for value in values]
    return {"templates": offered, "kept": kept, "chosen": query.get("template", "")}


@register.filter
def choosable(row: Any) -> bool:
    """Can this concept be proposed, or this performance be agreed on, together with others?"""
    if isinstance(row, Contract):
        return rules.is_open_to(row, "propose")
    return bool(rules.takes_place(row) and row.theater.dip_member)
