"""Snippets and templates on the forms of agreements: chosen from a list, put in without being saved."""

from typing import Any

from django import forms

from dipportal.contracts import stock
from dipportal.organisations.areas import AreaRequest


def chosen(rows: Any, number: str) -> Any:
    """The row with this key among those in scope, or None."""
    good = number.isascii() and number.isdecimal() and len(number) < 19
    return rows.filter(pk=int(number)).first() if good else None


def inserted(request: AreaRequest, form: forms.Form, field: str = "remarks") -> bool:
    """Was a snippet asked for with its own button? Then it stands behind the remarks, and nothing is to be saved."""
    if request.method != "POST" or "insert" not in request.POST or field not in form.fields:
        return False
    snippet = chosen(stock.snippets_of(request.organisation), request.POST.get("snippet", ""))
    if snippet is not None:
        data = form.data.copy()  # type: ignore[attr-defined]
        data[form.add_prefix(field)] = stock.with_snippet(data.get(form.add_prefix(field), ""), snippet)
        form.data = data
    # Not sent in to be judged yet.
    form.errors.clear()
    return True


def template_values(request: AreaRequest, kind: str) -> dict[str, Any] | None:
    """The terms of the template that the address names, if it is one of this type."""
    template = chosen(stock.templates_of(request.organisation).filter(type=kind), request.GET.get("template", ""))
    return stock.values_of(kind, template.terms) if template is not None else None
