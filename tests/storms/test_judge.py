"""The judges of the storm see what is wrong: otherwise its zeros would say nothing."""

from typing import Any

import pytest

from tests.storms import judge
from tests.storms.book import COMMITTED, UNKNOWN, Request, Transaction
from tests.storms.judge import Note
from tests.storms.receiver import Letter

CREATED = Request("contract.create", "DP-A", "stand 1", "contract", 7, "contract-7")
CHANGED = Request("contract.update", "DP-A", "stand 2", "contract", 7)
AGAIN = Request("contract.update", "DP-A", "stand 3", "contract", 7)
PROPOSED = Request("contract.propose", "DP-A", "", "contract", 7, "contract:7")


def write(method: str, path: str, state: str = "", name: str = "DP-A") -> dict[str, Any]:
    return {"method": method, "path": path, "body": {"name": name, "properties": {"remarks": state}}, "result": 91}


CREATE = write("POST", "/contracts/partage/create", "stand 1")
CHANGE = write("PUT", "/contracts/91/partage/update", "stand 2")
CHANGE_AGAIN = write("PUT", "/contracts/91/partage/update", "stand 3")
PROPOSE = write("PUT", "/contracts/91/propose")


def test_what_was_asked_for_and_done_is_clean() -> None:
    assert judge.compare([CREATED, CHANGED, PROPOSED], [CREATE, CHANGE, PROPOSE]).clean


def test_every_kind_of_line_is_read() -> None:
    seats, title = {"date": "2027-01-01T20:15:00", "amountRank1": 401}, {"title": "Storm 1 2 stand 1"}
    writes: list[dict[str, Any]] = [
        {"method": "POST", "path": "/producers/123/productions", "body": title, "result": "NL-26"},
        {"method": "PUT", "path": "/producers/123/productions/NL-26", "body": title, "result": "NL-26"},
        {"method": "POST", "path": "/producers/123/productions/NL-26/performances", "body": seats, "result": 5},
        {"method": "PUT", "path": "/producers/123/productions/NL-26/performances/5", "body": seats, "result": 5},
    ]
    assert list(judge.said(writes)) == [
        ("production.create", "Storm 1 2", "Storm 1 2 stand 1"),
        ("production.update", "Storm 1 2", "Storm 1 2 stand 1"),
        ("performance.create", "2027-01-01T20:15:00", "401"),
        ("performance.update", "2027-01-01T20:15:00", "401"),
    ]


@pytest.mark.parametrize(
    ("writes", "wrong"),
    [
        ([CREATE, CHANGE], "lost"),
        ([CREATE, CREATE, CHANGE, PROPOSE], "doubled"),
        ([CREATE, CHANGE, PROPOSE, PROPOSE], "doubled"),
        ([CREATE, CHANGE, CHANGE_AGAIN, PROPOSE], "unasked"),
        ([CREATE, PROPOSE, CHANGE], "out_of_order"),
    ],
)
def test_what_differs_is_seen(writes: list[dict[str, Any]], wrong: str) -> None:
    verdict = judge.compare([CREATED, CHANGED, PROPOSED], writes)
    assert [name for name, found in vars(verdict).items() if found] == [wrong]
    assert not verdict.clean


def test_a_transaction_with_an_unknown_end_counts_when_it_is_there() -> None:
    book = [Transaction(COMMITTED, (CREATED,)), Transaction(UNKNOWN, (CHANGED,)), Transaction(UNKNOWN, (AGAIN,))]
    assert judge.accepted(book, [1, 0]) == ([CREATED, CHANGED], [])


def test_a_transaction_that_is_there_in_part_is_seen() -> None:
    requests, torn = judge.accepted([Transaction(UNKNOWN, (CREATED, PROPOSED))], [1])
    assert requests == [CREATED, PROPOSED]
    assert len(torn) == 1


def letter(number: str, recipient: str = "a@kade.example", thread: str = "contract-7") -> Letter:
    return Letter(recipient, f"<{number}@dipportal.example>", f"<{thread}@dipportal.example>")


READERS = ["a@kade.example", "b@kade.example"]


def test_a_copy_with_the_same_message_id_is_counted_and_harmless() -> None:
    mailing = judge.compare_mails(
        [CREATED, PROPOSED], READERS, [letter("1"), letter("1"), letter("2", "b@kade.example")]
    )
    assert (mailing.clean, mailing.wanted, mailing.copies) == (True, 2, 1)


@pytest.mark.parametrize(
    ("letters", "wrong"),
    [
        ([letter("1")], "lost"),
        ([letter("1"), letter("3"), letter("2", "b@kade.example")], "doubled"),
        ([letter("1"), letter("1", "b@kade.example")], "doubled"),
        ([letter("1"), letter("2", "b@kade.example"), letter("3", thread="contract-8")], "unasked"),
    ],
)
def test_what_is_wrong_with_mails_is_seen(letters: list[Letter], wrong: str) -> None:
    mailing = judge.compare_mails([PROPOSED], READERS, letters)
    assert not mailing.clean
    assert [name for name in ("lost", "doubled", "unasked") if getattr(mailing, name)] == [wrong]


def note(at: float, who: str, token: str, row: int = 1) -> Note:
    return Note("dip_operation", row, at, who, token)


def test_only_rows_that_were_not_let_go_of_count_as_held() -> None:
    notes = [
        note(10, "worker-1", "a", 1), note(11, "worker-1", "", 1), note(14, "worker-2", "b", 1),
        note(14, "worker-2", "", 1),
        note(12, "worker-1", "c", 2), note(24, "worker-2", "d", 2), note(25, "worker-2", "", 2),
    ]  # fmt: skip
    found = judge.resumed(notes, {"worker-1": 13.0}, [])
    assert (found.after_kill, found.after_crash, found.never) == ([11.0], [], [])


def test_a_claim_lost_with_the_database_and_one_never_taken_up_are_told_apart() -> None:
    notes = [note(10, "worker-1", "a", 1), note(22, "worker-1", "b", 1), note(30, "worker-1", "c", 2)]
    found = judge.resumed(notes, {}, [12.0])
    assert found.after_crash == [10.0]
    assert found.never == [("dip_operation", 1), ("dip_operation", 2)]


def test_percentiles_are_values_that_were_seen() -> None:
    values = [float(one) for one in range(1, 101)]
    assert [judge.percentile(values, share) for share in (0.5, 0.99, 1)] == [50.0, 99.0, 100.0]
    assert judge.percentile([], 0.99) == 0
