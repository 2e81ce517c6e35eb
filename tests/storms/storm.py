"""The two storms: operations, and mails. Each enters its work, hits the house, waits until it is calm, and judges."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dipportal.demo.processes import answers
from tests.storms import judge
from tests.storms.blows import FLUSH, POSTGRES, REDIS, WORKER, Act, Broken, spread
from tests.storms.book import COMMITTED, Book, Request
from tests.storms.house import STEADY, House
from tests.storms.judge import Note, Resumed, percentile

CONTACT = "programmering@kade.example"
MEMBERS = ("editor@de-kade.example", "manager@de-kade.example")
# Rows that are made due again once all is calm, with no message about it: only beat can have them found.
AGAIN = """
UPDATE dip_operation SET state = 'waiting', due_at = now() WHERE id IN (
    SELECT max(id) FROM dip_operation WHERE state = 'done' GROUP BY key ORDER BY 1 DESC LIMIT 9)
RETURNING id
"""
MOST_LEASES = 3
CALM_SECONDS = 60.0
# One past every request that the sandbox notes: of its ledger only the writes are asked for.
NO_REQUESTS = 2**40


@dataclass(frozen=True)
class Size:
    """`target` in requests (operations) or mails."""

    target: int
    workers: int
    redis: int = 0
    flush: int = 0
    postgres: int = 0
    patient: bool = False
    # Seconds that the mail server takes at most, twice a mail.
    slow: float = 0.6

    @property
    def numbers(self) -> dict[str, int]:
        return {WORKER: self.workers, REDIS: self.redis, FLUSH: self.flush, POSTGRES: self.postgres}


OPERATIONS = Size(6000, workers=80, redis=20, flush=10, postgres=10)
MAILS = Size(1000, workers=40)


@dataclass
class Result:
    """What one storm came to. `faults` says in words what is wrong; empty when all is well."""

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def tell(self, text: str) -> None:
        self.lines.append(text)

    def must(self, good: bool, text: str) -> None:
        if not good:
            self.faults.append(text)


def operations(house: House, chance: random.Random, size: Size, say: Callable[[str], None]) -> Result:
    """Requests of all kinds under kills of workers, Redis and PostgreSQL."""
    result = Result()
    began = time.time()
    house.run("tests.storms.driver", "switch", "off")
    house.post.slow = 0.0
    book = Book(house.folder / "operations.jsonl")
    act = Act(
        house, chance, spread(chance, size.target, size.numbers), lambda sample: sample.done, "work",
        plan(house, book, chance, size), say=say,
    )  # fmt: skip
    act.run()
    seconds = time.time() - began
    requests = asked(house, book, result)
    verdict = judge.compare(requests, writes(house))
    result.tell(f"{len(requests)} operations in {seconds:.0f} s: {verdict}")
    result.must(verdict.clean, f"the ledger differs from what was accepted: {verdict}")
    result.must(len(requests) >= size.target, f"only {len(requests)} were accepted")
    mailing = judge.compare_mails(requests, [CONTACT], house.post.letters)
    result.tell(f"their mails: {mailing}")
    result.must(mailing.clean, f"the mails differ from what was proposed: {mailing}")
    afterwards(house, act, size, result, since=began)
    return result


def mails(house: House, chance: random.Random, size: Size, say: Callable[[str], None]) -> Result:
    """Proposals, and workers killed while the mail server is in the middle of taking a mail."""
    result = Result()
    began, known = time.time(), len(house.post.letters)
    house.run("tests.storms.driver", "switch", "on")
    house.post.slow = size.slow
    broken = dict(house.post.broken)
    book = Book(house.folder / "mails.jsonl")
    before = len(writes(house))
    requests_wanted = -(-size.target // 3) * 2
    act = Act(
        house, chance, spread(chance, size.target, size.numbers), lambda _sample: len(house.post.letters) - known,
        "mails", {**plan(house, book, chance, size), "target": requests_wanted}, during_mail=True, faults=False,
        say=say,
    )  # fmt: skip
    act.run()
    seconds = time.time() - began
    requests = asked(house, book, result)
    mailing = judge.compare_mails(requests, [CONTACT, *MEMBERS], house.post.letters[known:])
    result.tell(f"{len(house.post.letters) - known} letters in {seconds:.0f} s: {mailing}")
    result.must(mailing.clean, f"the mails differ from what was proposed: {mailing}")
    result.must(mailing.wanted >= size.target, f"only {mailing.wanted} mails were asked for")
    cut = {where: number - broken[where] for where, number in house.post.broken.items()}
    result.tell(f"conversations cut before the message {cut['data']}, "
                f"between the message and the answer {cut['reply']}")  # fmt: skip
    # Few kills may all miss: which of the workers is in the middle of a conversation, nobody can see from outside.
    result.must(sum(cut.values()) > 0 or size.workers < 10, "no kill fell in a conversation")
    verdict = judge.compare(requests, writes(house)[before:])
    result.tell(f"their {len(requests)} operations: {verdict}")
    result.must(verdict.clean, f"the ledger differs from what was accepted: {verdict}")
    afterwards(house, act, size, result, since=began)
    return result


def plan(house: House, book: Book, chance: random.Random, size: Size) -> dict[str, Any]:
    return {
        "book": str(book.file), "gate": str(book.file.with_suffix(".gate")), "target": size.target, "ahead": 80,
        "seed": chance.randrange(10**6), "patient": size.patient,
    }  # fmt: skip


def writes(house: House) -> list[dict[str, Any]]:
    told = house.dip.call("GET", f"ledger?writes_since=0&requests_since={NO_REQUESTS}")
    return list(told["writes"])


def asked(house: House, book: Book, result: Result) -> list[Request]:
    """The accepted requests; each transaction whose end the driver does not know must be there wholly or not at all."""
    transactions = book.read()
    found = house.run("tests.storms.driver", "verdict", str(book.file))
    requests, torn = judge.accepted(transactions, found)
    unknown = [one for one in transactions if one.fate != COMMITTED]
    if unknown:
        there = sum(1 for number in found if number)
        result.tell(f"transactions with an unknown end: {len(unknown)}, of which {there} were there, {len(torn)} torn")
    result.must(not torn, f"transactions that are there in part: {torn}")
    return requests


def afterwards(house: House, act: Act, size: Size, result: Result, *, since: float) -> None:
    """How soon it went on, and whether everything still works without anybody starting anything.

    `since` in epoch seconds: what fell before it belongs to another storm.
    """
    wanted = {kind: number for kind, number in size.numbers.items() if number}
    result.tell("blows: " + ", ".join(f"{kind} {act.fallen[kind]}" for kind in wanted))
    result.must(dict(act.fallen) == wanted, f"not all blows fell: {dict(act.fallen)} of {wanted}")
    notes = notes_of(house)
    deaths = {who: at for who, at in house.deaths.items() if at >= since}
    found = judge.resumed(notes, deaths, [at for at in house.crashes if at >= since])
    tell_resumed(found, house.lease, result)
    calm(house, act.last_blow, result)


def notes_of(house: House) -> list[Note]:
    sql = "SELECT what, row_id, extract(epoch FROM at)::float8, who, token FROM storm_note ORDER BY id"
    return [Note(*row) for row in house.ask(sql) or []]


def tell_resumed(found: Resumed, lease: int, result: Result) -> None:
    for name, seconds in (("kill of a worker", found.after_kill), ("crash of PostgreSQL", found.after_crash)):
        shares = ", ".join(
            f"{label} {percentile(seconds, share) / lease:.2f}"
            for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))
        )
        if seconds:
            result.tell(f"rows held at a {name}: {len(seconds)}; claimed again after, in leases: {shares}")
            leases = percentile(seconds, 0.99) / lease
            result.must(leases <= MOST_LEASES, f"p99 after a {name} is {leases:.2f} leases")
    result.must(not found.never, f"claimed and never let go of: {found.never[:5]}")


def calm(house: House, last_blow: float, result: Result) -> None:
    """Done rows made due again without a word: beat, broker and workers find them, and DIP is told nothing twice.

    So often, until the worker that was never killed has taken one up: it works after all that happened to the others.
    """
    before, rounds, made_due = len(writes(house)), 0, 0
    end = time.monotonic() + CALM_SECONDS
    while rounds == 0 or not claimed_by_steady(house, last_blow):
        made_due += len(house.ask(AGAIN) or [])
        rounds += 1
        while (sample := house.sample()) is None or sample.open_operations:
            if time.monotonic() > end:
                told = f"rows that are due are not found: beat, Redis or the workers stand still ({sample})"
                raise Broken(f"{told}\n{house.plight()}")
            time.sleep(0.2)
        if time.monotonic() > end:
            raise Broken(f"the worker that was never killed has claimed nothing since the last blow\n{house.plight()}")
    more = len(writes(house)) - before
    steady = claimed_by_steady(house, last_blow)
    result.tell(f"done again when all was calm: {made_due} rows, {more} more writes; rows claimed after the last blow "
                f"by the worker that was never killed: {steady}")  # fmt: skip
    result.must(made_due > 0 and more == 0, f"{made_due} rows done again made {more} writes")
    stuck = house.ask("SELECT kind, state, error_code FROM dip_operation WHERE state <> 'done'") or []
    stuck += house.ask("SELECT kind, state, error_code FROM notifications_email WHERE state <> 'done'") or []
    ready = answers(f"{house.addresses.web}/health/ready")
    result.tell(
        f"stuck {len(stuck)}; the web server, which was never restarted, is {'ready' if ready else 'NOT ready'}"
    )
    result.must(ready, "the web server does not answer any more, or misses the database or the broker")
    result.must(not stuck, f"stuck: {stuck[:10]}")


def claimed_by_steady(house: House, last_blow: float) -> int:
    who = house.names[STEADY]
    return sum(1 for note in notes_of(house) if note.who == who and note.at > last_blow and note.token)
