"""What a provider keeps in stock: templates of terms, and snippets for the remarks. Each write is one transaction."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from dipportal.contracts import rules
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models_batch import Snippet, TermsTemplate
from dipportal.contracts.terms import BY_NAME, Term, Unit, normalise, terms_of
from dipportal.core.errors import Invalid, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation

Piece = TypeVar("Piece", TermsTemplate, Snippet)


def kept(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of terms as plain data for JSON, percentages as text; what is not filled in is left out.

    A tick box that stands as it stands by itself says nothing either.
    """
    columns = normalise(kind, dict(values))
    filled = [term for term in terms_of(kind) if values.get(term.name) not in (None, "", [])]
    said = [term for term in filled if term.unit is not Unit.FLAG or columns[term.name] != term.empty()]
    return {term.name: _plain(columns[term.name]) for term in said}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def values_of(kind: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse of `kept`: what an action or a form takes. Names that the type does not have are left out."""
    return {
        name: _value(BY_NAME[name], value)
        for name, value in plain.items()
        if name in BY_NAME and BY_NAME[name].has(kind)
    }


def _value(term: Term, value: Any) -> Any:
    return Decimal(str(value)) if term.unit is Unit.PERCENT else value


def create_template(*, provider: Organisation, values: Mapping[str, Any], actor: Actor) -> TermsTemplate:
    """`values`: name, type, theater (or None) and terms, as a form gives them. Raises NotAllowed and Invalid."""
    actor.must_act_for(provider)
    columns = _template_columns(values["type"], values)
    return _create(TermsTemplate(provider=provider, type=values["type"], **columns), "template.created", actor)


def update_template(
    template: TermsTemplate, *, values: Mapping[str, Any], seen_version: int, actor: Actor
) -> TermsTemplate:
    """The type stays. A save over somebody else's raises StaleState."""
    columns = _template_columns(template.type, values)
    return _update(template, columns, "template.updated", seen_version=seen_version, actor=actor)


def remove_template(template: TermsTemplate, *, seen_version: int, actor: Actor) -> None:
    _remove(template, "template.removed", template.name, seen_version=seen_version, actor=actor)


def create_snippet(*, provider: Organisation, values: Mapping[str, Any], actor: Actor) -> Snippet:
    actor.must_act_for(provider)
    return _create(Snippet(provider=provider, **_snippet_columns(values)), "snippet.created", actor)


def update_snippet(snippet: Snippet, *, values: Mapping[str, Any], seen_version: int, actor: Actor) -> Snippet:
    return _update(snippet, _snippet_columns(values), "snippet.updated", seen_version=seen_version, actor=actor)


def remove_snippet(snippet: Snippet, *, seen_version: int, actor: Actor) -> None:
    _remove(snippet, "snippet.removed", snippet.title, seen_version=seen_version, actor=actor)


def _template_columns(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if kind not in ContractType.values:
        raise Invalid(fields={"type": _("Choose a type.")})
    faults = rules.faults_in_terms(kind, dict(values["terms"]), complete=False)
    if faults:
        raise Invalid(fields=faults)
    name = _filled("name", values["name"])
    return {"name": name, "theater": values["theater"], "terms": kept(kind, values["terms"])}


def _snippet_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    text = str(values["text"]).replace("\r\n", "\n")
    return {"title": _filled("title", values["title"]), "text": _filled("text", text)}


def _filled(name: str, value: str) -> str:
    if not value.strip():
        raise Invalid(fields={name: _("Fill this in.")})
    return value.strip()


def _create(piece: Piece, code: str, actor: Actor) -> Piece:
    try:
        with transaction.atomic():
            piece.save(force_insert=True)
            record(code, piece, actor=actor, thread=piece.thread)
    except IntegrityError:
        raise _taken(piece) from None
    return piece


def _update(piece: Piece, columns: dict[str, Any], code: str, *, seen_version: int, actor: Actor) -> Piece:
    """Saving what already stands there changes nothing and writes no line."""
    actor.must_act_for(piece.provider)
    rows = type(piece)._default_manager.filter(pk=piece.pk, version=seen_version)
    changed = [name for name, value in columns.items() if getattr(piece, name) != value]
    if not changed and piece.version == seen_version:
        return piece
    try:
        with transaction.atomic():
            if rows.update(**columns, version=F("version") + 1) != 1:
                raise StaleState
            record(code, piece, actor=actor, thread=piece.thread, fields={"changed": changed})
    except IntegrityError:
        raise _taken(piece) from None
    piece.refresh_from_db()
    return piece


def _remove(piece: Piece, code: str, name: str, *, seen_version: int, actor: Actor) -> None:
    actor.must_act_for(piece.provider)
    with transaction.atomic():
        record(code, piece, actor=actor, thread=piece.thread, reason=name)
        if type(piece)._default_manager.filter(pk=piece.pk, version=seen_version).delete()[0] != 1:
            raise StaleState


def _taken(piece: TermsTemplate | Snippet) -> Invalid:
    field = "name" if isinstance(piece, TermsTemplate) else "title"
    return Invalid(fields={field: _("You have one of this name already. Choose another name.")})


def templates_of(organisation: Organisation | None) -> Any:
    return TermsTemplate.objects.visible_to(organisation).select_related("theater")


def snippets_of(organisation: Organisation | None) -> Any:
    return Snippet.objects.visible_to(organisation)


def with_snippet(remarks: str, snippet: Snippet) -> str:
    """The remarks with this text behind them, on a line of its own."""
    return f"{remarks.rstrip()}\n\n{snippet.text}" if remarks.strip() else snippet.text
