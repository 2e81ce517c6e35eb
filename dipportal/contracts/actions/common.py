"""What the actions share: references, locks, the conditional UPDATE, and the first row of a next version."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import rules
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import normalise
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations.enums import Side

# Without 0, O, 1, I and L: people read references out over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

# What an editor may fill in besides the terms.
PARTY_FIELDS = ("contact_receiver", "contact_provider", "agency_as_provider", "own_reference")
# What belongs to one proposal or one answer, and is gone when the version becomes a concept or open again.
NO_ANSWER: dict[str, Any] = {
    "answered_at": None,
    "answered_by": None,
    "answer_source": "",
    "answer_note": "",
    "rejection_reason": "",
    "rejected_terms": [],
    "suggestions": {},
}


def new_reference() -> str:
    return "DP-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def party_values(parties: dict[str, Any] | None) -> dict[str, Any]:
    given = parties or {}
    if set(given) - set(PARTY_FIELDS):
        raise KeyError(f"not for an editor: {', '.join(sorted(set(given) - set(PARTY_FIELDS)))}")
    return given


def refuse_unfit(
    production: Production,
    theater: Theater,
    performances: Sequence[Performance],
    kind: str,
    terms: dict[str, Any],
) -> None:
    """Raises Invalid when these performances or terms cannot be agreed on, whether or not they are complete."""
    if kind not in ContractType.values:
        raise Invalid(fields={"type": _("Choose a type.")})
    unfit = rules.fault_in_choice(production, theater, performances)
    if unfit:
        fields = {unfit.field: unfit.sentence} if unfit.field else {}
        raise Invalid(None if fields else unfit.sentence, code=unfit.code, fields=fields)
    faults = rules.faults_in_terms(kind, terms, complete=False)
    if faults:
        raise Invalid(fields=faults)


def refuse_incomplete(kind: str, terms: dict[str, Any]) -> None:
    faults = rules.faults_in_terms(kind, terms, complete=True)
    if faults:
        raise Invalid(_("Some terms are missing or wrong, so this cannot be proposed yet."), fields=faults)


def plain(value: Any) -> Any:
    """As the journal's JSON keeps it."""
    return value if isinstance(value, str | int | float | bool | list | dict | type(None)) else str(value)


def locked_evenings(performances: Iterable[Performance]) -> list[Performance]:
    """The performances as they are now, locked: whoever cancels one waits, or was first and is seen.

    Before the agreement's own lock, as in the actions of the catalogue, so that the two never wait for each other.
    """
    keys = [performance.pk for performance in performances]
    return list(Performance.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))


def locked(contract: Contract) -> Contract:
    """The row as it is now, locked until the transaction ends (on SQLite the transaction itself is the lock)."""
    return Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)


def locked_line(contract: Contract) -> Contract:
    """Lock the first version of the line: two people who begin a next version take turns. Returns the first."""
    return Contract.objects.select_for_update(of=("self",)).get(pk=contract.root_id_or_own)


def move(contract: Contract, name: str, *, seen_version: int | None = None, **values: Any) -> None:
    """The conditional UPDATE: exactly one caller wins. The loser gets StaleState and writes nothing.

    Whoever agreed first of two people (four eyes) agreed to the state before, so that mark goes with every move.
    """
    allowed = MOVES[name]
    rows = Contract.objects.filter(pk=contract.pk, status__in=allowed.sources, discarded_at=None)
    if allowed.drafted is not None:
        rows = rows.filter(side=allowed.drafted)
    if seen_version is not None:
        rows = rows.filter(version=seen_version)
    values = {"endorsed_at": None, "endorsed_by": None, **values}
    if allowed.target is not None:
        values["status"] = allowed.target
    if rows.update(version=F("version") + 1, **values) != 1:
        raise StaleState
    contract.refresh_from_db()


def refuse_open_version(contract: Contract) -> None:
    """Raises PortalError('open_version') when a version after this one is under way or was answered."""
    if contract.children.filter(discarded_at=None).exists():
        raise PortalError(
            _("There already is a later version of this agreement. Go on with that one."), code="open_version"
        )


def refuse_open_revision(agreed: Contract | None, *, besides: Contract | None = None) -> None:
    """Raises PortalError('open_version') when a revision of what was agreed is under way, whatever it goes on from."""
    if agreed is None:
        return
    under_way = agreed.revisions.filter(status__in=(Status.CONCEPT, Status.PROPOSED), discarded_at=None)
    if under_way.exclude(pk=besides.pk if besides else 0).exists():
        raise PortalError(
            _("A revision of this agreement is under way already. Finish that one, or give it up."),
            code="open_version",
        )


def next_version(
    before: Contract,
    root: Contract,
    evenings: Sequence[Performance],
    *,
    side: Side = Side.PROVIDER,
    terms: dict[str, Any] | None = None,
    **values: Any,
) -> Contract:
    """The version after `before`, as a new row: a concept of the provider's unless `values` say otherwise.

    `terms` replace those of the version before. It keeps what the line revises: a second try at a revision is one too.
    """
    last = Contract.objects.filter(root=root).order_by("-number").values_list("number", flat=True).first() or 1
    following = Contract(
        **{
            "provider": before.provider,
            "production": before.production,
            "producer": before.producer,
            "theater": before.theater,
            "type": before.type,
            "reference": new_reference(),
            "root": root,
            "parent": before,
            "revises": before.revises,
            "number": last + 1,
            "side": side,
            "first_at": min(one.starts_at for one in evenings),
            **{name: getattr(before, name) for name in PARTY_FIELDS},
            **normalise(before.type, {**before.term_values(), **(terms or {})}),
            **values,
        }
    )
    following.save(force_insert=True)
    following.performances.set(evenings)
    return following


def still_played(performances: Iterable[Performance]) -> list[Performance]:
    """Those that still take place. Raises PortalError when there is none left to agree on."""
    evenings = [one for one in performances if rules.takes_place(one)]
    if not evenings:
        raise PortalError(
            _("None of these performances takes place any more, so there is nothing left to agree on."),
            code="no_performances",
        )
    return evenings
