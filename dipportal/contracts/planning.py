"""Many agreements to be made at once: one row a theater or a performance, filled from earlier agreements. Reads only.

The number of queries does not depend on the number of rows.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.contracts import rules
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.contracts.stock import kept
from dipportal.contracts.terms import BY_NAME, TERMS, Group
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

MOST = 300
# What belongs to the hall, and is taken from the last agreement there when nobody typed it.
OF_THE_HALL = tuple(term.name for term in TERMS if term.group is Group.TICKETS)
MONEY = tuple(term.name for term in TERMS if term.group is Group.MONEY)


class Per(models.TextChoices):
    THEATER = "theater", gettext_lazy("One agreement per theater")
    PERFORMANCE = "performance", gettext_lazy("One agreement per performance")


@dataclass(frozen=True)
class Wish:
    """What a person filled in once for all of them. `terms` as a form gives them: None where nothing was typed."""

    kind: str
    terms: Mapping[str, Any]
    per: str = Per.THEATER
    last_season: bool = False
    parties: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Planned:
    """One agreement to be made. `fault` says why it cannot be; `warnings` what is probably not meant."""

    key: str
    production: Production
    theater: Theater
    performances: list[Performance]
    kind: str
    terms: dict[str, Any]
    parties: dict[str, Any]
    prices_from: Contract | None = None
    money_from: Contract | None = None
    fault: str | Promise = ""
    covered_by: list[Contract] = field(default_factory=list)
    warnings: list[str | Promise] = field(default_factory=list)
    missing: list[str | Promise] = field(default_factory=list)

    @property
    def type_label(self) -> str | Promise:
        return ContractType(self.kind).label

    @property
    def halls(self) -> list[Hall]:
        found = {one.hall.pk: one.hall for one in self.performances if one.hall is not None}
        return list(found.values())

    @property
    def ticked(self) -> bool:
        """Made unless a person says otherwise?"""
        return not self.fault and not self.covered_by

    def intent(self) -> dict[str, Any]:
        """As plain data: what a batch keeps."""
        return {
            "production": self.production.pk,
            "theater": self.theater.pk,
            "performances": [one.pk for one in self.performances],
            "type": self.kind,
            "terms": kept(self.kind, self.terms),
            "parties": self.parties,
        }

    @property
    def tick(self) -> str:
        """The key with a digest of what the person reads: another content is another tick."""
        plain = json.dumps(self.intent(), sort_keys=True)
        return f"{self.key}:{hashlib.sha256(plain.encode()).hexdigest()[:20]}"


def standing(provider: Organisation) -> ContractQuerySet:
    """The provider's agreements whose terms both sides have seen, newest first; a counter counts once approved."""
    rows = Contract.objects.visible_to(provider).filter(
        Q(status__in=(Status.APPROVED, Status.REVISED)) | Q(status=Status.PROPOSED, side=Side.PROVIDER)
    )
    return rows.order_by("-created_at", "-pk")


def chosen(provider: Organisation, keys: Iterable[int]) -> QuerySet[Performance]:
    """The provider's own performances with these keys, with the last agreements that can fill theirs."""
    last = standing(provider)
    return (
        Performance.objects.visible_to(provider)
        .filter(pk__in=list(keys)[:MOST])
        .select_related("production__producer", "theater", "hall")
        .annotate(
            last_in_hall=Subquery(last.filter(performances__hall=OuterRef("hall")).values("pk")[:1]),
            last_in_theater=Subquery(last.filter(theater=OuterRef("theater")).values("pk")[:1]),
            last_of_producer=Subquery(
                last.filter(theater=OuterRef("theater"), producer=OuterRef("production__producer")).values("pk")[:1]
            ),
            last_contact=Subquery(
                Contract.objects.visible_to(provider)
                .filter(theater=OuterRef("theater"))
                .exclude(contact_receiver="")
                .order_by("-created_at", "-pk")
                .values("contact_receiver")[:1]
            ),
        )
        .order_by("starts_at", "pk")
    )


def plan(provider: Organisation, production: Production, performances: Sequence[Any], wish: Wish) -> list[Planned]:
    """The agreements to be made for these performances (of `chosen`), by the first evening of each."""
    covering = _covering(provider, performances)
    sources = {one for play in performances for one in (play.last_in_hall, play.last_in_theater, play.last_of_producer)}
    earlier = Contract.objects.visible_to(provider).select_related("production").in_bulk([pk for pk in sources if pk])
    groups: dict[str, list[Any]] = {}
    for play in performances:
        key = f"p{play.pk}" if wish.per == Per.PERFORMANCE else f"t{play.theater_id}"
        groups.setdefault(key, []).append(play)
    return [
        _planned(key, production, plays, wish=wish, earlier=earlier, covering=covering) for key, plays in groups.items()
    ]


def _planned(
    key: str,
    production: Production,
    plays: list[Any],
    *,
    wish: Wish,
    earlier: Mapping[int, Contract],
    covering: Mapping[int, list[Contract]],
) -> Planned:
    first = next((one for one in plays if one.hall_id), plays[0])
    prices = earlier.get(first.last_in_hall) or earlier.get(first.last_in_theater)
    money = earlier.get(first.last_of_producer) if wish.last_season else None
    kind = money.type if money else wish.kind
    terms = {name: value for name, value in wish.terms.items() if BY_NAME[name].has(kind)}
    if money is not None:
        terms |= {name: getattr(money, name) for name in MONEY if BY_NAME[name].has(kind)}
    filled = _of_the_hall(terms, prices)
    row = Planned(
        key=key,
        production=production,
        theater=first.theater,
        performances=plays,
        kind=kind,
        terms=terms | filled,
        parties={**wish.parties, "contact_receiver": first.last_contact or ""},
        prices_from=prices if filled else None,
        money_from=money,
        covered_by=_once(contract for play in plays for contract in covering.get(play.pk, ())),
    )
    _judge(row)
    return row


def _of_the_hall(terms: Mapping[str, Any], source: Contract | None) -> dict[str, Any]:
    """Prices and surcharges that nobody typed. Prices come both or none: they belong together."""
    if source is None:
        return {}
    open_names = [name for name in OF_THE_HALL if terms.get(name) in (None, [])]
    if terms.get("entrance_prices") or terms.get("settlement_prices"):
        open_names = [name for name in open_names if not name.endswith("_prices")]
    found = {name: getattr(source, name) for name in open_names}
    return {name: value for name, value in found.items() if value not in (None, [])}


def _judge(row: Planned) -> None:
    unfit = rules.fault_in_choice(row.production, row.theater, row.performances)
    faults = rules.faults_in_terms(row.kind, row.terms, complete=False)
    row.fault = unfit.sentence if unfit else next(iter(faults.values()), "")
    complete = rules.faults_in_terms(row.kind, row.terms, complete=True)
    row.missing = [BY_NAME[name].label for name in complete]
    if len(row.halls) > 1:
        row.warnings.append(_("More than one hall: look whether the prices are right for each."))
    row.warnings += [warning.text for warning in rules.warnings_in_terms(row.kind, row.terms)]


def _once(contracts: Iterable[Contract]) -> list[Contract]:
    return list({contract.pk: contract for contract in contracts}.values())


def _covering(provider: Organisation, performances: Sequence[Performance]) -> dict[int, list[Contract]]:
    """The agreements, drafts too, that stand for each performance: two queries."""
    rows = (
        Contract.objects.visible_to(provider)
        .filter(performances__in=performances, discarded_at=None)
        .filter(status__in=(Status.CONCEPT, Status.PROPOSED, Status.APPROVED))
        .distinct()
        .order_by("pk")
        .prefetch_related("performances")
    )
    found: dict[int, list[Contract]] = {}
    for row in rows:
        for play in row.performances.all():
            found.setdefault(play.pk, []).append(row)
    return found


@dataclass(frozen=True)
class Proposable:
    """A concept that somebody wants to propose; `fault` says why it cannot be."""

    contract: Contract
    fault: str | Promise = ""
    missing: tuple[str | Promise, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.fault and not self.missing

    @property
    def tick(self) -> str:
        """The key with the version that the person reads."""
        return f"{self.contract.pk}:{self.contract.version}"


def proposable(concepts: Iterable[Contract]) -> list[Proposable]:
    """What stands in the way of proposing each. The performances are to be prefetched."""
    return [_proposable(contract) for contract in concepts]


def _proposable(contract: Contract) -> Proposable:
    if not rules.is_open_to(contract, "propose"):
        return Proposable(contract, _("This is no concept any more."))
    unfit = rules.fault_in_choice(contract.production, contract.theater, list(contract.performances.all()))
    faults = rules.faults_in_terms(contract.type, contract.term_values(), complete=True)
    return Proposable(contract, unfit.sentence if unfit else "", tuple(BY_NAME[name].label for name in faults))
