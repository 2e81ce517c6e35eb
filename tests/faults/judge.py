"""The checker: DIP's own ledger against what users asked for, when nothing is under way any more."""

from dataclasses import dataclass

from dipportal.dip.models import Operation
from dipportal.outbox.models import STUCK, WORKABLE, OutboxRow, State
from tests.faults.dip import Dip
from tests.faults.scenarios import Prepared


@dataclass(frozen=True)
class Violation:
    """`sort` is lost, doubled, stuck, wrong or unsafe."""

    sort: str
    text: str

    def __str__(self) -> str:
        return f"{self.sort}: {self.text}"


def judge(dip: Dip, prepared: Prepared) -> list[Violation]:
    if prepared.mails is not None:
        return [Violation(sort, text) for sort, text in prepared.mails(dip)]
    checks = (*_ledger(dip, prepared), *_totals(dip, prepared), *_rows(prepared), *_numbers(dip, prepared))
    return [*checks, *_seen(dip)]


def _ledger(dip: Dip, prepared: Prepared) -> list[Violation]:
    writes = [write for write in dip.writes(prepared.since) if write["path"] not in prepared.totals]
    found = []
    for want in prepared.wanted:
        times = sum(want.is_met_by(write) for write in writes)
        if times != 1:
            found.append(Violation("doubled" if times else "lost", f"{want.what} stands {times} times in DIP's ledger"))
    proposed = [write["path"] for write in writes if write["path"].endswith("/propose")]
    if prepared.proposals:
        if len(set(proposed)) != prepared.proposals or len(proposed) != prepared.proposals:
            sort = "doubled" if len(proposed) > prepared.proposals else "lost"
            found.append(Violation(sort, f"{len(proposed)} proposals in DIP's ledger, {prepared.proposals} asked for"))
        writes = [write for write in writes if write["path"] not in proposed]
    for write in writes:
        if not any(want.is_met_by(write) for want in prepared.wanted):
            found.append(Violation("doubled", f"nobody asked for {write['method']} {write['path']}"))
    return found


def _totals(dip: Dip, prepared: Prepared) -> list[Violation]:
    """Running totals may be told twice; but never an older one over a newer one, and the newest is what stays."""
    found = []
    for path, accepted in prepared.totals.items():
        bodies = [write["body"] for write in dip.writes(prepared.since) if write["path"] == path]
        if any(body not in accepted for body in bodies):
            found.append(Violation("wrong", f"nobody entered what stands in DIP's ledger at {path}"))
            continue
        order = [accepted.index(body) for body in bodies]
        if order != sorted(order):
            found.append(Violation("wrong", f"an older count was put over a newer one at {path}: {order}"))
        if accepted and accepted[-1] not in bodies[-1:]:
            found.append(Violation("lost", f"the newest count is not the last at {path}: {order}"))
    return found


def _rows(prepared: Prepared) -> list[Violation]:
    """Every row is done; or with a person, in words, where only a person can decide."""
    found = []
    stuck = 0
    for row in Operation.objects.order_by("pk"):
        told = f"{row.kind} ended {row.state} ({row.error_code})"
        if row.state in STUCK:
            stuck += 1
            if row.error_code != prepared.person or not row.error_text:
                found.append(Violation("stuck", told))
        elif row.state in WORKABLE or row.state == State.ABANDONED:
            found.append(Violation("stuck" if row.state in WORKABLE else "lost", told))
    if prepared.person and not stuck:
        found.append(Violation("wrong", f"nobody was told of the {prepared.person}"))
    return found


def _numbers(dip: Dip, prepared: Prepared) -> list[Violation]:
    found = [Violation("wrong", fault) for fault in prepared.shown(dip)]
    writes = dip.writes(prepared.since)
    for here, want in prepared.linked():
        there = [write["result"] for write in writes if want.is_met_by(write)]
        if there and here not in there:
            found.append(Violation("wrong", f"{want.what}: here it is number {here!r}, in DIP {there}"))
    return found


def _seen(dip: Dip) -> list[Violation]:
    return [Violation("unsafe", text) for text in dict.fromkeys(dip.seen)]


def persons(model: type[OutboxRow]) -> int:
    """How many rows wait for a person."""
    return model._default_manager.filter(state__in=STUCK).count()
