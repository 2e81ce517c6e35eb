"""What a theater with a ticketing credential reports: which shapes are taken, for whom, and what is read back of it."""

from typing import Any

import pytest

from dipportal.sandbox.server import Running
from tests.sandbox.client import Dip

OWN = 2


@pytest.fixture
def theater(sandbox: Running) -> Dip:
    """The credential of one theater."""
    return Dip(sandbox, f"demo-theater-{OWN}")


def played_in(agency: Dip, *, own: bool) -> dict[str, Any]:
    """The numbers of a performance in that theater, or in another, as a report names them."""
    for production in agency.productions(123):
        for one in agency.get(f"/producers/123/productions/{production['id']}/performances"):
            if (one["theater"]["id"] == OWN) == own:
                return {"productionNumber": production["id"], "performanceNumber": one["number"]}
    raise AssertionError("no such performance in this world")


@pytest.fixture
def mine(agency: Dip) -> dict[str, Any]:
    """A performance of the agency's that plays in the theater, moved there when the world has none."""
    production, performance = agency.playing(123)
    body = {"theaterId": OWN, "date": performance["date"]}
    agency.write("PUT", f"/producers/123/productions/{production['id']}/performances/{performance['number']}", body)
    return {"productionNumber": production["id"], "performanceNumber": performance["number"]}


KINDS = [{"type": "normal", "tickets": 40}, {"type": "free", "tickets": 3}]


def shown(reader: Dip, numbers: dict[str, Any], entrance: str) -> dict[str, Any]:
    rows = reader.get(f"/productions/{numbers['productionNumber']}/{entrance}")
    found = {one["number"]: one for row in rows for one in row["performances"]}
    return dict(found[numbers["performanceNumber"]])


def test_the_revenue_of_all_kinds_together_is_shared_out_among_none(
    agency: Dip, theater: Dip, mine: dict[str, Any]
) -> None:
    answer = theater.write("PUT", "/tickets/cumulative", mine | {"counts": KINDS, "recette": 91250})
    assert (answer["tickets"], answer["recette"]) == (43, 91250)
    one = shown(agency, mine, "sales")
    assert (one["tickets"], one["recette"]) == (43, 91250)
    parts = agency.get(f"/performances/{mine['performanceNumber']}/sales")
    assert {part["type"]: part["tickets"] for part in parts if part["tickets"]} == {"normal": 40, "free": 3}
    assert not any("recette" in part for part in parts)


@pytest.mark.parametrize("path", ["reservations", "blockedseats"])
def test_places_are_told_as_one_number_and_read_back(
    agency: Dip, theater: Dip, mine: dict[str, Any], path: str
) -> None:
    for places in (12, 0):
        theater.write("PUT", f"/{path}/cumulative", mine | {"tickets": places})
        assert shown(agency, mine, path)["tickets"] == places


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("tickets", {}),
    ("tickets", {"tickets": 43, "recette": 1}),
    ("tickets", {"counts": KINDS}),
    ("tickets", {"counts": KINDS, "tickets": 43, "recette": 1}),
    ("tickets", {"counts": [KINDS[0] | {"recette": 1}, KINDS[1]]}),
    ("tickets", {"counts": [one | {"recette": 1} for one in KINDS], "recette": 2}),
    ("tickets", {"counts": [KINDS[0], KINDS[0]], "recette": 1}),
    ("tickets", {"counts": [{"type": "cheap", "tickets": 1}], "recette": 1}),
    ("tickets", {"counts": [{"type": "normal", "tickets": -1}], "recette": 1}),
    ("tickets", {"counts": KINDS, "recette": "912,50"}),
    ("reservations", {}),
    ("reservations", {"tickets": -1}),
    ("blockedseats", {"counts": KINDS, "tickets": 43}),
    ("blockedseats", {"tickets": 1, "seats": 1}),
]


@pytest.mark.parametrize(("path", "totals"), WRONG)
def test_totals_of_another_shape_are_refused_and_kept_nowhere(
    agency: Dip, theater: Dip, mine: dict[str, Any], path: str, totals: dict[str, Any]
) -> None:
    status, told = theater.refused("PUT", f"/{path}/cumulative", mine | totals)
    assert status == 400
    assert told
    assert [write for write in theater.admin.writes() if write["path"].endswith("cumulative")] == []


@pytest.mark.parametrize("change", [{"performanceNumber": 1}, {"productionNumber": "NL-25-123-0000001"}])
def test_an_unknown_performance_is_a_wrong_body(theater: Dip, mine: dict[str, Any], change: dict[str, Any]) -> None:
    body = mine | change | {"counts": KINDS, "recette": 1}
    status, told = theater.refused("PUT", "/tickets/cumulative", body)
    assert (status, told.split(":")[0]) == (400, "performanceNumber")


def test_a_theater_reports_and_reads_its_own_performances_only(
    agency: Dip, theater: Dip, kassa: Dip, mine: dict[str, Any]
) -> None:
    others = played_in(agency, own=False)
    totals = {"counts": KINDS, "recette": 91250}
    assert theater.refused("PUT", "/tickets/cumulative", others | totals)[0] == 403
    for numbers in (mine, others):
        kassa.write("PUT", "/tickets/cumulative", numbers | totals)
    assert shown(theater, mine, "sales")["tickets"] == 43
    assert theater.get(f"/performances/{mine['performanceNumber']}/sales")
    assert theater.refused("GET", f"/performances/{others['performanceNumber']}/sales")[0] == 400
    rows = kassa.get(f"/productions/{others['productionNumber']}/sales")
    assert any(row["id"] != OWN for row in rows), "there is something that could leak"
    status, found = theater.send("GET", f"/productions/{others['productionNumber']}/sales")
    assert status == 400 or {row["id"] for row in found} == {OWN}


def test_a_theater_reads_no_agreements_and_sees_itself(theater: Dip) -> None:
    assert theater.refused("GET", "/contracts")[0] == 400
    assert theater.get(f"/theaters/{OWN}")["id"] == OWN
