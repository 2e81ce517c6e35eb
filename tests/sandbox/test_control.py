"""The control API, the ledger, the process itself."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from dipportal.sandbox import credentials
from dipportal.sandbox.calls import Refusal
from dipportal.sandbox.server import Running, start
from tests.sandbox.client import Dip


def test_the_ledger_tells_every_write_and_every_request_in_order(agency: Dip) -> None:
    made = agency.concept()
    agency.refused("POST", "/contracts/partage/create", agency.body() | {"extra": 1})
    agency.write("PUT", f"/contracts/{made['id']}/propose")
    writes = agency.admin.writes()
    assert [(one["method"], one["path"], one["result"]) for one in writes] == [
        ("POST", "/contracts/partage/create", made["id"]),
        ("PUT", f"/contracts/{made['id']}/propose", made["id"]),
    ]
    assert writes[0]["body"]["name"] == "Boeking 77"
    assert {one["credential"] for one in writes} == {"demo-impresariaat"}
    assert agency.admin.writes(since=writes[0]["seq"]) == writes[1:]
    requests_seen = agency.admin.requests()
    assert [one["seq"] for one in requests_seen] == sorted(one["seq"] for one in requests_seen)
    posts = [one for one in requests_seen if one["path"].endswith("create")]
    assert [(one["status"], one["acted"], one["outcome"]) for one in posts] == [
        (200, True, "answered"),
        (400, False, "answered"),
    ]
    assert "sandbox-impresariaat" not in str(requests_seen)


def test_parallel_creates_all_get_ids_of_their_own(agency: Dip) -> None:
    body = agency.body()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: agency.write("POST", "/contracts/partage/create", body), range(40)))
    numbers = {one["id"] for one in answers}
    assert len(numbers) == 40
    assert sorted(numbers) == sorted(one["result"] for one in agency.admin.writes())


def test_records_are_edited_and_deleted_past_all_rules(agency: Dip) -> None:
    one, two, *_ = agency.get("/contracts")
    edited = agency.admin.edit("contract", one["id"], name="Anders", properties={"theater_fee": 777})
    assert edited["properties"] == one["properties"] | {"theater_fee": 777}
    assert edited["modified"] > one["modified"]
    assert agency.contract(one["id"]) == edited
    assert agency.admin.delete("contract", two["id"]) is True
    assert agency.admin.delete("contract", two["id"]) is False
    assert two["id"] not in {each["id"] for each in agency.get("/contracts")}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answer", {"contract": 1, "answer": "approve"}),
        ("answer", {"answer": "approve"}),
        ("edit", {"kind": "contract", "id": 1, "set": {}}),
        ("edit", {"kind": "spook", "id": 1, "set": {}}),
        ("switches", {"create_answers": "poem"}),
        ("load", {"spoken": []}),
        ("reset", {"scale": "huge"}),
        ("latency", []),
    ],
)
def test_a_wrong_order_is_told_and_changes_nothing(agency: Dip, path: str, body: object) -> None:
    before = agency.get("/contracts")
    answer = agency.raw("POST", f"/_sandbox/{path}", json=body)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]
    assert agency.get("/contracts") == before


def test_an_answer_needs_a_proposal_and_a_field_of_its_type(agency: Dip) -> None:
    made = agency.concept()
    answer = {"contract": made["id"], "answer": "approve"}
    assert agency.raw("POST", "/_sandbox/answer", json=answer).status_code == 400
    agency.write("PUT", f"/contracts/{made['id']}/propose")
    wrong = answer | {"answer": "reject", "fields": ["is_rent_rejected"]}
    assert agency.raw("POST", "/_sandbox/answer", json=wrong).status_code == 400
    assert agency.contract(made["id"])["status"] == "proposed"


def test_stamps_can_be_utc(agency: Dip) -> None:
    agency.admin.switch(timestamps="utc")
    utc = agency.concept()["modified"]
    agency.admin.switch(timestamps="amsterdam")
    assert agency.concept()["modified"][:13] > utc[:13]


def test_a_filled_store_is_kept_over_a_restart_and_emptied_on_demand(tmp_path: Path) -> None:
    store = tmp_path / "sub" / "store.sqlite3"
    with start(store=store, scale="small", seed=3, today="2026-03-10") as first:
        made = Dip(first, "demo-impresariaat").concept()
    with start(store=store, scale="small", seed=3) as second:
        health = second.admin.health()
        assert (health["scale"], health["seed"], health["today"]) == ("small", 3, "2026-03-10")
        assert health["now"][:10] >= "2026-03-10"
        assert Dip(second, "demo-impresariaat").contract(made["id"]) == made
        assert [one["result"] for one in second.admin.writes()] == [made["id"]]
    with start(store=store, scale="empty", arguments=("--fresh",)) as third:
        assert "contract" not in third.admin.health()["records"]
        assert Dip(third, "demo-impresariaat").get("/contracts") == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (("--scale", "demo"), "--scale small"),
        (("--seed", "9"), "--seed 3"),
        (("--today", "2026-03-11"), "--today 2026-03-10"),
    ],
)
def test_another_world_than_the_kept_one_is_refused_in_words(
    tmp_path: Path, other: tuple[str, ...], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store.sqlite3"
    with start(store=store, scale="small", seed=3, today="2026-03-10"):
        pass
    with pytest.raises(RuntimeError, match="did not start"):
        start(store=store, scale="small", seed=3, arguments=other)
    said = capfd.readouterr().err
    assert f"holds a world of {told}." in said
    assert "--fresh" in said
    with start(store=store, scale="small", seed=3) as kept:
        assert kept.admin.health()["today"] == "2026-03-10"


def test_a_world_of_seed_zero_can_be_asked_for(sandbox: Running) -> None:
    """0 is a seed like any other, not 'as before'."""
    assert sandbox.admin.reset(scale="small", seed=0)["seed"] == 0
    assert sandbox.admin.reset()["seed"] == 0


def test_a_killed_process_has_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite3"
    with start(store=store, today="2026-03-10") as first:
        dip = Dip(first, "demo-impresariaat")
        numbers = [dip.concept()["id"] for _ in range(5)]
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(timeout=10)
    with start(store=store) as second:
        assert [one["result"] for one in second.admin.writes()] == numbers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_at_once_even_while_a_call_hangs(number: signal.Signals) -> None:
    with start(scale="small") as sandbox:
        sandbox.admin.fault("hang", seconds=30)
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{sandbox.url}/theaters", timeout=0.5)
        sandbox.process.send_signal(number)
        # Well before the call would have ended.
        assert sandbox.process.wait(timeout=15) == 0


def test_a_token_lasts_its_seconds_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.75
    monkeypatch.setattr("dipportal.sandbox.credentials.time.time", lambda: now)
    producer = credentials.CREDENTIAL_SETS["demo-producent"]
    header = f"Bearer {credentials.issue(producer, seconds=60, generation=0, serial=1)}"
    now = 1_700_000_059.99
    assert credentials.identify(header, generation=0) == producer
    now = 1_700_000_060.0
    with pytest.raises(Refusal, match="The token has expired") as refused:
        credentials.identify(header, generation=0)
    assert refused.value.status == 401


def test_the_process_hands_out_tokens_of_the_length_asked_for() -> None:
    with start(scale="empty", arguments=("--token-seconds", "1")) as sandbox:
        dip = Dip(sandbox, "demo-impresariaat")
        dip.admin.switch(expires_in=True)
        assert dip.log_in()["expires_in"] == 1
        time.sleep(1.1)
        status, description = dip.refused("GET", "/genres")
        assert (status, description) == (401, "The token has expired")
