"""The content of a paper as plain data, every word of it in the language of the moment. The template has no words."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, gettext, pgettext

from dipportal.catalogue.models import Performance
from dipportal.contracts import settlement, standing
from dipportal.contracts.differences import contracting_party
from dipportal.contracts.display import GroupOfRows, Row, groups, remark_on, start_time_rejected
from dipportal.contracts.enums import SHARED, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.paper.facts import digest, reference_of
from dipportal.contracts.paper.people import steps
from dipportal.contracts.paper.tables import price_table, tranche_table
from dipportal.contracts.paper.text import in_blocks, lines_of, tidy
from dipportal.contracts.terms import START_TIME, Group, Unit
from dipportal.core.dates import day


def file_name(contract: Contract) -> str:
    """Safe in a header and on every disk: letters, digits and hyphens. 'DP-2345ABCDEF-v2-de-storm.pdf'."""
    title = slugify(contract.production.title)[:60].strip("-_")
    parts = [reference_of(contract) or str(contract.pk), f"v{contract.number}", title]
    return "-".join(part for part in parts if part) + ".pdf"


def content(contract: Contract) -> dict[str, Any]:
    """What the template prints. Costs two queries, and a third when the standing agreement applies."""
    evenings = list(contract.performances.select_related("hall", "production").order_by("starts_at", "pk"))
    tables = {Unit.TRANCHES: tranche_table, Unit.PRICES: price_table}
    moment = contract.answered_at or contract.proposed_at or contract.created_at
    made = {
        "lang": "nl" if (get_language() or "").startswith("nl") else "en",
        "timestamp": int(moment.timestamp()),
        "author": contract.provider.name,
        "title": contract.production.title,
        "kind": str(contract.get_type_display()),
        "explanation": str(ContractType(contract.type).explanation),
        "notices": list(_notices(contract)),
        "facts": _facts(contract),
        "parties": parties(contract),
        "evenings": _evenings(contract, evenings),
        "groups": [_group(contract, group, tables) for group in groups(contract)],
        "base_label": gettext("The base of the sums"),
        "steps": {
            "label": gettext("Who proposed and who answered"),
            "head": [gettext("What"), gettext("By"), gettext("For"), gettext("When")],
            "rows": steps(contract),
        },
        "check": _check(contract),
        "words": {
            "page": gettext("page"),
            "of": pgettext("page 1 of 2", "of"),
            "running": f"{reference_of(contract)} · {_version(contract)}",
            "rejected": gettext("rejected"),
            "suggestion": gettext("suggestion"),
            "remark": gettext("remark"),
            "parties": gettext("Parties"),
        },
    }
    tidied: dict[str, Any] = tidy(made)
    return tidied


def _version(contract: Contract) -> str:
    return gettext("Version %(number)s") % {"number": contract.number}


def _notices(contract: Contract) -> Iterable[dict[str, Any]]:
    """What a reader must know first: each a title and lines."""
    if contract.status == Status.CONCEPT:
        given_up = contract.discarded_at is not None
        title = gettext("Concept, given up") if given_up else gettext("Concept")
        yield {"title": title, "lines": [gettext("This was not proposed, so nobody is bound by it.")]}
    if contract.status == Status.REJECTED:
        whole = not contract.rejected_terms
        title = gettext("Rejected in whole") if whole else gettext("Rejected on the marked fields")
        yield {"title": title, "lines": lines_of(contract.rejection_reason) or [gettext("No reason was given.")]}
    if contract.status == Status.REVISED:
        text = gettext("A later version was approved and took its place.")
        yield {"title": gettext("No longer in force"), "lines": [text]}
    if contract.answer_note:
        yield {"title": gettext("Note with the answer"), "lines": lines_of(contract.answer_note)}
    if contract.conflict_at is not None:
        title = gettext("Answered differently here and in DIP")
        yield {"title": title, "lines": lines_of(contract.conflict_text)}


def _facts(contract: Contract) -> list[list[str]]:
    rows = [
        [gettext("Status"), str(contract.get_status_display())],
        [gettext("Reference"), reference_of(contract)],
        [gettext("Version"), str(contract.number)],
        [gettext("Number in DIP"), str(contract.dip_id) if contract.dip_id is not None else ""],
    ]
    if contract.is_counter:
        rows.append([gettext("Terms of"), gettext("the receiver: an adapted proposal")])
    if contract.status == Status.PROPOSED and contract.answer_by:
        rows.append([gettext("Answer by"), day(contract.answer_by)])
    return rows


def parties(contract: Contract) -> list[list[list[str]]]:
    """Two lists of (label, value): the provider's side and the receiver's."""
    theater, house = contract.theater, contract.theater.receiver
    provider = [
        [gettext("Provider"), contract.provider.name],
        [gettext("Producer"), contract.producer.name],
        [gettext("Contracting party"), contracting_party(contract)],
        [gettext("Contact"), contract.contact_provider],
    ]
    receiver = [
        [gettext("Theater"), ", ".join(part for part in (theater.name, theater.city) if part)],
        [gettext("Receiver"), house.name if house else ""],
        [gettext("Contact"), contract.contact_receiver],
    ]
    return [provider, receiver]


def _evenings(contract: Contract, evenings: list[Performance]) -> dict[str, Any]:
    return {
        "label": gettext("Production and performances"),
        "production": [
            [gettext("Production"), contract.production.title],
            [gettext("Season"), contract.production.season],
        ],
        "head": [gettext("Date"), gettext("Time"), gettext("Hall"), gettext("DIP-id")],
        "rows": [_evening(evening) for evening in evenings],
        "empty": gettext("No performances."),
        "rejected": start_time_rejected(contract),
        "rejected_label": gettext("Start time"),
        "remark": remark_on(contract, START_TIME),
    }


def _evening(evening: Performance) -> list[str]:
    start = f"{timezone.localtime(evening.starts_at):%H:%M}"
    if evening.cancelled:
        start += f" ({evening.get_status_display().lower()})"
    return [day(evening.starts_at), start, evening.hall.name if evening.hall else "–", evening.dip_id or "–"]


def _group(contract: Contract, group: GroupOfRows, tables: dict[Unit, Any]) -> dict[str, Any]:
    """Single values as rows; tranches and prices as tables; remarks as a text of their own, which may take pages."""
    plain = [row for row in group.rows if row.term.unit not in (*tables, Unit.TEXT)]
    made: dict[str, Any] = {
        "label": str(group.label),
        # Under the money, where the sums that it is the base of are agreed.
        "base": _base(contract) if group.label == Group.MONEY.label else "",
        "rows": [{**_marks(row), "label": str(row.term.label), "text": _text(contract, row)} for row in plain],
        "tables": [],
        "texts": [
            {**_marks(row), "label": str(row.term.label), "lines": lines_of(row.text) or [gettext("not filled in")]}
            for row in group.rows
            if row.term.unit is Unit.TEXT
        ],
    }
    for unit, table in tables.items():
        rows = [row for row in group.rows if row.term.unit is unit]
        if rows:
            made["tables"].append({**table(contract), "marks": [_mark(row) for row in rows if row.rejected]})
    return made


def _text(contract: Contract, row: Row) -> str:
    if row.term.name == "standing_agreement":
        return standing.in_words(contract)
    return row.text


def _marks(row: Row) -> dict[str, Any]:
    return {"marks": [_mark(row)] if row.rejected else []}


def _mark(row: Row) -> dict[str, str]:
    return {"label": str(row.term.label), "suggestion": row.suggestion, "remark": row.remark}


def _base(contract: Contract) -> str:
    """The base in words, as the sums take it: no sum here depends on what is sold."""
    try:
        terms = settlement.terms_from(contract.type, contract.term_values())
        return str(settlement.settle(terms, [settlement.Evening(0, 0)]).base)
    except settlement.SettlementError as refused:
        return str(refused)


def _check(contract: Contract) -> dict[str, Any]:
    """How to ask the portal for this version; nothing for one that the portal would not tell of."""
    if contract.status not in SHARED or not reference_of(contract):
        return {}
    code, address = digest(contract), settings.PUBLIC_URL + reverse("check_paper")
    return {
        "label": gettext("Is this still what the portal holds?"),
        "text": gettext("Follow this link, or type the reference and the code there. Its first five groups will do."),
        "address": address,
        "url": f"{address}?{urlencode({'kenmerk': reference_of(contract), 'code': code})}",
        "rows": [[gettext("Reference"), reference_of(contract)], [gettext("Code"), in_blocks(code)]],
    }
