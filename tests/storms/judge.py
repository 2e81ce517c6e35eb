"""What was asked for against what the outside saw: the sandbox's own ledger, and the letters that the mail server took.

Nothing here reads the portal's tables, but for three questions that only they can answer: did a transaction whose end
the driver does not know get in, is anything still open, and when was a row claimed again.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.storms.book import COMMITTED, Request, Transaction
from tests.storms.receiver import Letter

Line = tuple[str, str, str]


@dataclass
class Verdict:
    """Each list names what is wrong; all are empty when all is well."""

    lost: list[Any] = field(default_factory=list)
    doubled: list[Any] = field(default_factory=list)
    # Done without being asked for.
    unasked: list[Any] = field(default_factory=list)
    # The changes of one object, in another order than they were asked for.
    out_of_order: list[Any] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.unasked or self.out_of_order)

    def __str__(self) -> str:
        told = [f"{name} {len(found)}" for name, found in vars(self).items()]
        examples = [f"  {name}: {found[:5]}" for name, found in vars(self).items() if found]
        return "\n".join([", ".join(told), *examples])


# --- what was asked for ------------------------------------------------------------------------------------------
def accepted(book: Sequence[Transaction], found: Sequence[int]) -> tuple[list[Request], list[str]]:
    """The accepted requests in order, and which transactions are there in part: that must be none.

    `found`: of each transaction with an unknown end, in order, how many of its requests are in the database.
    """
    requests: list[Request] = []
    torn = []
    counts = iter(found)
    for one in book:
        if one.fate != COMMITTED:
            there = next(counts)
            if there not in (0, len(one.requests)):
                torn.append(f"{there} of {len(one.requests)}: {one.requests}")
            if there == 0:
                continue
        requests += one.requests
    return requests, torn


# --- what DIP did --------------------------------------------------------------------------------------------------
def said(writes: Iterable[dict[str, Any]]) -> Iterator[Line]:
    """The ledger in the driver's words: kind, object, state."""
    names: dict[str, str] = {}
    for write in writes:
        path, body, verb = write["path"], write["body"], "create" if write["method"] == "POST" else "update"
        if path.startswith("/contracts/"):
            if verb == "create":
                names[str(write["result"])] = body["name"]
            elif path.endswith("/propose"):
                yield "contract.propose", names[path.split("/")[2]], ""
                continue
            yield f"contract.{verb}", body["name"], body["properties"]["remarks"]
        elif re.search("/performances(/|$)", path):
            yield f"performance.{verb}", body["date"], str(body["amountRank1"])
        else:
            yield f"production.{verb}", body["title"].partition(" stand ")[0], body["title"]


def compare(requests: Iterable[Request], writes: Iterable[dict[str, Any]]) -> Verdict:
    """Exactly the same lines, each as often, and those of one object in the same order."""
    wanted, got = [request.line for request in requests], list(said(writes))
    asked, done = Counter(wanted), Counter(got)
    verdict = Verdict(lost=sorted((asked - done).elements()))
    for line, number in sorted((done - asked).items()):
        (verdict.doubled if line in asked else verdict.unasked).extend([line] * number)
    orders = [_by_thing(wanted), _by_thing(got)]
    if verdict.clean:
        verdict.out_of_order = [thing for thing in orders[0] if orders[0][thing] != orders[1][thing]]
    return verdict


def _by_thing(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line[1]].append(line)
    return found


# --- what the readers got ------------------------------------------------------------------------------------------
@dataclass
class Mailing(Verdict):
    """`doubled` are two mails of one event and recipient that do not carry the same Message-ID; `copies` do."""

    copies: int = 0
    wanted: int = 0

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.unasked)

    def __str__(self) -> str:
        named = {"lost": self.lost, "with another Message-ID": self.doubled, "unasked": self.unasked}
        told = ", ".join(f"{name} {len(found)}" for name, found in named.items())
        examples = [f"  {name}: {found[:5]}" for name, found in named.items() if found]
        return "\n".join([f"{self.wanted} mails asked for, {told}, copies {self.copies}", *examples])


def compare_mails(requests: Iterable[Request], recipients: Sequence[str], letters: Iterable[Letter]) -> Mailing:
    """A mail for each proposal and recipient; more than one only with the same Message-ID, which no other has."""
    wanted = {
        (request.thread.replace(":", "-"), recipient)
        for request in requests
        if request.kind == "contract.propose"
        for recipient in recipients
    }
    got: dict[tuple[str, str], list[str]] = defaultdict(list)
    owner: dict[str, tuple[str, str]] = {}
    mailing = Mailing(wanted=len(wanted))
    for letter in letters:
        key = (letter.thread.strip("<>").partition("@")[0], letter.recipient)
        got[key].append(letter.message_id)
        if owner.setdefault(letter.message_id, key) != key:
            mailing.doubled.append((letter.message_id, key, owner[letter.message_id]))
    mailing.lost = sorted(wanted - set(got))
    mailing.unasked = sorted(set(got) - wanted)
    mailing.doubled += [(key, ids) for key, ids in got.items() if len(set(ids)) > 1]
    mailing.copies = sum(len(ids) - 1 for ids in got.values())
    return mailing


# --- how soon it went on -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Note:
    """A claim (`token`) or the end of one (no token), by `who` at `at` (epoch seconds)."""

    what: str
    row: int
    at: float
    who: str
    token: str


@dataclass
class Resumed:
    """Seconds from the kill of a worker, or the crash of the database, until the rows it held were claimed again."""

    after_kill: list[float] = field(default_factory=list)
    after_crash: list[float] = field(default_factory=list)
    never: list[tuple[str, int]] = field(default_factory=list)


def resumed(notes: Iterable[Note], deaths: dict[str, float], crashes: Sequence[float]) -> Resumed:
    """By the database's own notes. A claim that is followed by another one was never let go of: its worker was killed,
    or lost the database."""
    rows: dict[tuple[str, int], list[Note]] = defaultdict(list)
    for note in notes:
        rows[note.what, note.row].append(note)
    found = Resumed()
    for row, events in rows.items():
        for held, following in zip(events, [*events[1:], None], strict=True):
            if not held.token or (following is not None and not following.token):
                continue
            if following is None:
                found.never.append(row)
                continue
            died = deaths.get(held.who)
            lost_it = [crash for crash in crashes if held.at <= crash <= following.at]
            if lost_it and (died is None or died > lost_it[0]):
                found.after_crash.append(following.at - lost_it[0])
            elif died is not None and died <= following.at:
                found.after_kill.append(following.at - died)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by this share of them; 0 without any."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
