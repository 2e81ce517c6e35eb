"""Planted faults: whether DIP acted or not is what each kind is about, so the ledger decides."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox.client import Dip

CREATE = "/contracts/partage/create"


def test_a_status_before_acting_leaves_nothing_behind(agency: Dip) -> None:
    agency.admin.fault("status-before", method="POST", path="create$", status=429, headers={"Retry-After": "7"})
    answer = agency.raw("POST", CREATE, json=agency.body())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert agency.admin.writes() == []
    assert agency.raw("POST", CREATE, json=agency.body()).status_code == 200


def test_a_status_after_acting_hides_a_write_that_happened(agency: Dip) -> None:
    agency.admin.fault("status-after", method="POST", path="create$", status=500, body="<h1>Oeps</h1>")
    answer = agency.raw("POST", CREATE, json=agency.body())
    assert (answer.status_code, answer.text) == (500, "<h1>Oeps</h1>")
    assert len(agency.admin.writes()) == 1


@pytest.mark.parametrize(("kind", "writes"), [("drop-before", 0), ("drop-after", 1)])
def test_a_dropped_connection_gives_no_answer_at_all(agency: Dip, kind: str, writes: int) -> None:
    body = agency.body()
    agency.admin.fault(kind, method="POST", path="create$")
    with pytest.raises(requests.exceptions.ConnectionError):
        agency.raw("POST", CREATE, json=body)
    assert len(agency.admin.writes()) == writes
    assert agency.admin.requests()[-1]["acted"] is bool(writes)


def test_a_truncated_answer_breaks_off_halfway(agency: Dip) -> None:
    agency.admin.fault("truncate", path="^/contracts$")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        agency.raw("GET", "/contracts")
    assert len(agency.get("/contracts")) == 7


@pytest.mark.parametrize(("kind", "writes"), [("garbage", 1), ("html200", 0)])
def test_a_200_can_be_no_json(agency: Dip, kind: str, writes: int) -> None:
    body = agency.body()
    agency.admin.fault(kind, method="POST")
    answer = agency.raw("POST", CREATE, json=body)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert len(agency.admin.writes()) == writes


@pytest.mark.parametrize("close", [False, True])
def test_a_late_call_is_carried_out_after_its_answer(agency: Dip, close: bool) -> None:
    body = agency.body()
    agency.admin.fault("late", method="POST", seconds=0.3, close=close)
    if close:
        with pytest.raises(requests.exceptions.ConnectionError):
            agency.raw("POST", CREATE, json=body)
    else:
        assert agency.raw("POST", CREATE, json=body).status_code == 504
    assert agency.admin.writes() == []
    until(lambda: len(agency.admin.writes()) == 1)
    assert agency.contract(agency.admin.writes()[0]["result"])["name"] == "Boeking 77"


def test_a_call_that_hangs_is_carried_out_though_the_client_left(agency: Dip) -> None:
    body = agency.body()
    agency.admin.fault("hang", method="POST", seconds=1.5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        agency.raw("POST", CREATE, json=body, timeout=0.3)
    until(lambda: len(agency.admin.writes()) == 1)


def test_an_answer_can_be_the_bare_id_or_hold_none(agency: Dip) -> None:
    agency.admin.fault("bare-id", method="POST")
    bare = agency.raw("POST", CREATE, json=agency.body()).json()
    agency.admin.fault("no-id", method="POST")
    assert agency.raw("POST", CREATE, json=agency.body()).json() == {}
    results = [one["result"] for one in agency.admin.writes()]
    assert results[0] == bare
    assert len(set(results)) == 2


def test_a_new_record_can_be_out_of_sight_for_a_while(agency: Dip) -> None:
    agency.admin.fault("read-lag", method="POST", seconds=0.4)
    made = agency.concept()
    listed = [f"/contracts/{made['production']['id']}", "/contracts"]
    assert not [path for path in listed if made["id"] in {one["id"] for one in agency.get(path)}]
    agency.write("PUT", f"/contracts/{made['id']}/propose")
    until(lambda: made["id"] in {one["id"] for one in agency.get("/contracts")})


def test_expired_tokens_are_refused_until_a_new_log_in(agency: Dip) -> None:
    agency.admin.fault("expire-tokens")
    assert agency.raw("GET", "/theaters").status_code == 401
    assert agency.raw("GET", "/theaters").status_code == 401
    agency.log_in()
    assert agency.raw("GET", "/theaters").status_code == 200


def test_faults_are_counted_skipped_and_cleared(agency: Dip) -> None:
    agency.admin.fault("status-before", path="^/genres$", times=2, skip=1, status=503)
    codes = [agency.raw("GET", "/genres").status_code for _ in range(4)]
    assert codes == [200, 503, 503, 200]
    agency.admin.fault("status-before", path="^/genres$", times=None, status=502)
    assert [one["hits"] for one in agency.admin.faults()] == [2, 0]
    assert [agency.raw("GET", "/genres").status_code for _ in range(3)] == [502, 502, 502]
    assert agency.raw("GET", "/countries").status_code == 200
    agency.admin.clear_faults()
    assert agency.raw("GET", "/genres").status_code == 200


@pytest.mark.parametrize("fault", [{"kind": "unknown"}, {"kind": "hang", "path": "("}, {"kind": "hang", "when": 1}])
def test_what_is_no_fault_is_refused(agency: Dip, fault: dict[str, Any]) -> None:
    assert agency.raw("POST", "/_sandbox/faults", json=fault).status_code == 400
    assert agency.admin.faults() == []


def test_latency_is_waited_out(agency: Dip) -> None:
    agency.admin.latency(150)
    begun = time.monotonic()
    agency.get("/genres")
    assert time.monotonic() - begun >= 0.15


def until(condition: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
