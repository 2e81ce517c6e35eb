"""What differs between two versions of one agreement: for the pages, the mails and whoever else asks.

Pure but for reading the performances. The values are kept raw; their texts are made when they are read, in the
language of that moment, so one comparison serves readers of both languages.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import zip_longest
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Performance
from dipportal.contracts.display import pieces, text_of
from dipportal.contracts.enums import SHARED, ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, TERMS, Term, Unit, normalise
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation

Evenings = dict[int, Performance]
# The lines of the journal that hold name → [old, new], and the names that a version is read back from.
CHANGED = ("contract.updated", "contract.followed")
READ_BACK = {
    *("type", "performances", "agency_as_provider", "contact_receiver", "contact_provider", "own_reference"),
    *BY_NAME,
}


@dataclass(frozen=True)
class Part:
    """One rank, one tranche, or the lines of a text that were replaced. '' is nothing: there was no such part."""

    label: str
    old: str
    new: str

    @property
    def changed(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True)
class Change:
    """One thing that differs. `old_raw` and `new_raw` as the columns hold them; `words` makes them text."""

    name: str
    label: str | Promise
    old_raw: Any
    new_raw: Any
    words: Callable[[Any], str] = str
    term: Term | None = None

    @property
    def old(self) -> str:
        return self.words(self.old_raw)

    @property
    def new(self) -> str:
        return self.words(self.new_raw)

    @property
    def parts(self) -> list[Part]:
        """Price by rank, tranche by tranche, of a text of several lines those that differ; [] for a single value."""
        if self.term is None or self.term.unit not in _PARTS:
            return []
        return _PARTS[self.term.unit](self.term, self.old_raw, self.new_raw)


@dataclass(frozen=True)
class Comparison:
    """`old` and `new` as they were asked for, which need not be the order in time."""

    old: Contract
    new: Contract
    type: Change | None
    terms: tuple[Change, ...]
    parties: tuple[Change, ...]
    added: tuple[Performance, ...]
    removed: tuple[Performance, ...]

    @property
    def differs(self) -> bool:
        return bool(self.changes or self.added or self.removed)

    @property
    def changes(self) -> list[Change]:
        """Everything but the performances, as a page shows it: type, terms, parties."""
        return [*([self.type] if self.type else []), *self.terms, *self.parties]

    def lines(self) -> Iterator[Part]:
        """The same as flat lines, of ranks and tranches only those that differ."""
        for change in self.changes:
            parts = change.parts
            if not parts:
                yield Part(str(change.label), change.old, change.new)
            for part in parts:
                if part.changed:
                    yield Part(f"{change.label}, {part.label}", part.old, part.new)


def compare(old: Contract, new: Contract, *, reader: Organisation | None = None) -> Comparison:
    """What differs, for this reader: the provider's own reference shows to the provider only."""
    return _compare(old, new, _evenings(old.performances.all()), _evenings(new.performances.all()), reader)


def since_withdrawn(contract: Contract, *, reader: Organisation | None = None) -> Comparison | None:
    """What changed in this version since it was withdrawn, read back from the journal; None when it never was.

    The `old` of this comparison is the same version, as the other side saw it.
    """
    history = Entry.objects.filter(target_kind=contract._meta.label_lower, target_id=str(contract.pk))
    withdrawn = history.filter(code="contract.withdrawn").order_by("pk").last()
    if withdrawn is None:
        return None
    was, after = copy(contract), _evenings(contract.performances.all())
    before = after
    for entry in history.filter(code__in=CHANGED, pk__gt=withdrawn.pk).order_by("-pk"):
        for name in (set(entry.fields) & READ_BACK) - {"performances"}:
            setattr(was, name, entry.fields[name][0])
        if "performances" in entry.fields:
            before = _evenings(Performance.objects.filter(pk__in=entry.fields["performances"][0]))
    return _compare(was, contract, before, after, reader)


def _compare(
    old: Contract, new: Contract, before: Evenings, after: Evenings, reader: Organisation | None
) -> Comparison:
    return Comparison(
        old=old,
        new=new,
        type=_type(old, new),
        terms=tuple(_terms(old, new)),
        parties=tuple(_parties(old, new, reader)),
        added=tuple(after[key] for key in after if key not in before),
        removed=tuple(before[key] for key in before if key not in after),
    )


def version_before(contract: Contract, reader: Organisation | None) -> Contract | None:
    """The last earlier version that this reader may see; None as reader is a theater without an organisation here."""
    line = Contract.objects.filter(Q(root_id=contract.root_id_or_own) | Q(pk=contract.root_id_or_own))
    rows = line.filter(status__in=SHARED) if reader is None else line.visible_to(reader)
    earlier = Q(number__lt=contract.number) | Q(number=contract.number, pk__lt=contract.pk)
    found = rows.filter(earlier, discarded_at=None).select_related("provider", "producer", "production", "theater")
    return found.order_by("number", "pk").last()


def pick(versions: Sequence[Contract], key: str) -> Contract:
    """The version of this line that an address names. Raises LookupError for anything else."""
    found = next((version for version in versions if str(version.pk) == key), None)
    if found is None:
        raise LookupError(key)
    return found


def choose(
    shown: Contract, versions: Sequence[Contract], wanted: Mapping[str, str]
) -> tuple[Contract | None, Contract]:
    """Which two an address asks for, of the versions that its reader may see: `met` beside `versie`, or beside `shown`.

    Without `met` the version before, or beside the first one its next; None when there is no other. Given-up concepts
    are compared only when they are asked for. Raises LookupError for what is no version of this line.
    """
    new = pick(versions, wanted.get("versie") or str(shown.pk))
    if "met" in wanted:
        return pick(versions, wanted["met"]), new
    line = [version for version in versions if version.discarded_at is None or version == new]
    at = line.index(new)
    if at:
        return line[at - 1], new
    return (new, line[1]) if len(line) > 1 else (None, new)


def _type(old: Contract, new: Contract) -> Change | None:
    if old.type == new.type:
        return None
    return Change("type", gettext_lazy("Type"), old.type, new.type, words=lambda kind: str(ContractType(kind).label))


def _terms(old: Contract, new: Contract) -> Iterator[Change]:
    """Of different types: what only one of them has stands empty on the other side."""
    was, is_now = (normalise(version.type, version.term_values()) for version in (old, new))
    for term in TERMS:
        one, other = was[term.name], is_now[term.name]
        if not term.same(one, other):
            yield Change(term.name, term.label, one, other, words=partial(text_of, term), term=term)


def _parties(old: Contract, new: Contract, reader: Organisation | None) -> Iterator[Change]:
    facts: list[tuple[str, str | Promise, Callable[[Contract], str]]] = [
        ("production", gettext_lazy("Production"), lambda version: version.production.title),
        ("theater", gettext_lazy("Theater"), lambda version: version.theater.name),
        ("producer", gettext_lazy("Producer"), lambda version: version.producer.name),
        ("agency_as_provider", gettext_lazy("Contracting party"), contracting_party),
        ("contact_receiver", gettext_lazy("Contact at the theater"), lambda version: version.contact_receiver),
        ("contact_provider", gettext_lazy("Contact at the provider"), lambda version: version.contact_provider),
    ]
    if reader is not None and reader.pk == old.provider_id == new.provider_id:
        facts.append(("own_reference", gettext_lazy("Own reference"), lambda version: version.own_reference))
    for name, label, read in facts:
        was, is_now = read(old), read(new)
        if was != is_now:
            yield Change(name, label, was, is_now)


def contracting_party(contract: Contract) -> str:
    return contract.provider.name if contract.agency_as_provider else contract.producer.name


def _evenings(performances: QuerySet[Performance]) -> Evenings:
    rows = performances.select_related("hall", "theater").order_by("starts_at", "pk")
    return {performance.pk: performance for performance in rows}


# --- parts ------------------------------------------------------------------------------------------------------
def _prices(term: Term, old: Any, new: Any) -> list[Part]:
    pairs = zip_longest(pieces(term, old), pieces(term, new), fillvalue="")
    return [Part(_("rank %(rank)d") % {"rank": rank}, *pair) for rank, pair in enumerate(pairs, start=1)]


def _tranches(term: Term, old: Any, new: Any) -> list[Part]:
    pairs = zip_longest(pieces(term, old), pieces(term, new), fillvalue="")
    return [Part(_("tranche %(number)d") % {"number": number}, *pair) for number, pair in enumerate(pairs, start=1)]


def _lines(term: Term, old: Any, new: Any) -> list[Part]:
    """Of two texts the lines that differ; a text of one line is shown whole."""
    one, other = pieces(term, old), pieces(term, new)
    if not one or not other or len(one) + len(other) == 2:
        return []
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    labels = {"replace": _("changed"), "delete": _("left out"), "insert": _("added")}
    return [
        Part(labels[what], "\n".join(one[start:end]), "\n".join(other[first:last]))
        for what, start, end, first, last in blocks
        if what != "equal"
    ]


_PARTS: dict[Unit, Callable[[Term, Any, Any], list[Part]]] = {
    Unit.PRICES: _prices,
    Unit.TRANCHES: _tranches,
    Unit.TEXT: _lines,
}
