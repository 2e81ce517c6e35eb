"""Productions, performances, counts and capacity, as a provider and a ticketing system write them."""

from typing import Any

import pytest

from tests.sandbox.client import Dip

NEW = {"title": "De Nieuwe", "season": "2026-2027", "genreId": 4, "coProducerIds": [124]}


def test_a_new_production_gets_a_number_of_dips_own(agency: Dip) -> None:
    made = [agency.write("POST", "/producers/123/productions", NEW) for _ in range(4)]
    assert len({one["id"] for one in made}) == 4
    assert all(one["id"].startswith("NL-26-123-") for one in made)
    assert len({len(one["id"]) for one in made}) == 2, "serials of different widths"
    assert made[0]["startDate"] == "2026-08-01T00:00:00"
    assert [one["id"] for one in made[0]["co_producers"]] == [124]
    found = agency.get("/producers/123/productions", startDate="2026-09-01", endDate="2026-09-02")
    assert found == made


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"season": "2026-2028"}, "season: "),
        ({"season": "0999-1000"}, "season: "),
        ({"genreId": 999}, "genreId: there is no genre 999"),
        ({"coProducerIds": [5]}, "coProducerIds: there is no producer 5"),
        ({"title": ""}, "title: "),
        ({"Title": "x"}, "Title: unknown member"),
    ],
)
def test_a_wrong_production_is_refused(agency: Dip, change: dict[str, Any], told: str) -> None:
    status, text = agency.refused("POST", "/producers/123/productions", NEW | change)
    assert status == 400
    assert text.startswith(told)


def test_only_own_producers_can_be_written_for(agency: Dip, producer: Dip) -> None:
    production, performance = agency.playing(123)
    path = f"/producers/123/productions/{production['id']}"
    assert agency.refused("POST", "/producers/201/productions", NEW)[0] == 403
    assert producer.refused("PUT", path, {"title": "Van mij"})[0] == 403
    assert producer.refused("PUT", f"{path}/performances/{performance['number']}", {"private": True})[0] == 403
    assert agency.refused("POST", "/producers/4040/productions", NEW)[0] == 404
    assert agency.productions(123)[0]["title"] == production["title"]


def test_a_new_title_shows_everywhere(agency: Dip) -> None:
    made = agency.concept()
    number = made["production"]["id"]
    agency.write("PUT", f"/producers/123/productions/{number}", {"title": "Anders"})
    assert agency.contract(made["id"])["production"]["title"] == "Anders"
    performances = agency.get(f"/producers/123/productions/{number}/performances")
    assert {one["production"]["title"] for one in performances} == {"Anders"}


def test_a_performance_is_made_moved_and_cancelled(agency: Dip) -> None:
    production, played = agency.playing(123)
    theater = agency.get(f"/theaters/{played['theater']['id']}")
    path = f"/producers/123/productions/{production['id']}/performances"
    hall = theater["theater_locations"][0]
    made = agency.write(
        "POST",
        path,
        {"date": "2026-05-01T20:15", "theaterId": theater["id"], "theaterLocationId": hall["id"], "amountRank2": 80},
    )
    assert made["id"] == made["number"]
    assert made["date"] == "2026-05-01T20:15:00"
    assert (made["theater_location"], made["amount_rank1"], made["amount_rank2"]) == (hall, 0, 80)
    moved = agency.write("PUT", f"{path}/{made['number']}", {"date": "2026-05-02T15:00:00", "status": "cancellation"})
    assert moved == made | {"date": "2026-05-02T15:00:00", "status": "cancellation"}
    assert moved in agency.get(path)


def test_a_moved_performance_takes_its_agreements_and_counts_along(agency: Dip, kassa: Dip) -> None:
    made = agency.concept()
    production, number = made["production"]["id"], made["performances"][0]["number"]
    counts = [{"type": "normal", "tickets": 5, "recette": 9000}]
    body = {"productionNumber": production, "performanceNumber": number, "counts": counts}
    kassa.write("PUT", "/tickets/cumulative", body)
    path = f"/producers/123/productions/{production}/performances/{number}"
    agency.write("PUT", path, {"date": "2026-07-01T20:00:00"})
    after = agency.contract(made["id"])
    assert after["first_date"] == "2026-07-01T20:00:00"
    assert after["modified"] == made["modified"]
    rows = agency.get(f"/productions/{production}/sales")
    dates = {one["number"]: one["date"] for row in rows for one in row["performances"]}
    assert dates[number] == "2026-07-01T20:00:00"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"date": "2026-05-01T20:15:00+02:00"}, "date: "),
        ({"date": "2026-13-01T20:15:00"}, "date: "),
        ({"theaterLocationId": 99999}, "theaterLocationId: hall 99999 is not in theater"),
        ({"status": "cancelled"}, "status: "),
        ({"in_festival": True}, "in_festival: unknown member"),
    ],
)
def test_a_wrong_performance_is_refused(agency: Dip, change: dict[str, Any], told: str) -> None:
    production, played = agency.playing(123)
    body = {"date": "2026-05-01T20:15", "theaterId": played["theater"]["id"]} | change
    status, text = agency.refused("POST", f"/producers/123/productions/{production['id']}/performances", body)
    assert status == 400
    assert text.startswith(told)


@pytest.mark.parametrize(
    ("path", "read"), [("tickets", "sales")] + [(one, one) for one in ("reservations", "blockedseats")]
)
def test_running_totals_replace_what_was_there(agency: Dip, kassa: Dip, path: str, read: str) -> None:
    production, performance = agency.playing(123)
    body = {"productionNumber": production["id"], "performanceNumber": performance["number"]}
    for tickets in (10, 7):
        counts = [
            {"type": "normal", "tickets": tickets, "recette": 18000},
            {"type": "free", "tickets": 2, "recette": 0},
        ]
        answer = kassa.write("PUT", f"/{path}/cumulative", body | {"counts": counts})
    assert len(answer["counts"]) == 5
    rows = agency.get(f"/productions/{production['id']}/{read}")
    shown = {one["number"]: one for row in rows for one in row["performances"]}[performance["number"]]
    assert (shown["tickets"], shown["recette"]) == (9, 18000)
    twice = body | {"counts": [counts[0], counts[0]]}
    assert kassa.refused("PUT", f"/{path}/cumulative", twice)[0] == 400
    assert kassa.refused("PUT", f"/{path}/cumulative", body | {"performanceNumber": 1, "counts": counts})[0] == 400


def test_a_provider_reports_only_for_its_own(agency: Dip, producer: Dip) -> None:
    production, performance = agency.playing(123)
    counts = [{"type": "normal", "tickets": 1, "recette": 1}]
    body = {"productionNumber": production["id"], "performanceNumber": performance["number"], "counts": counts}
    assert producer.refused("PUT", "/tickets/cumulative", body)[0] == 403
    agency.write("PUT", "/tickets/cumulative", body)


def test_capacity_is_written_per_performance(agency: Dip) -> None:
    production, performance = agency.playing(123)
    body = {"performanceNumber": performance["number"], "amountRank1": 400, "amountRank3": 20}
    agency.write("PUT", f"/productions/{production['id']}/capacity", body)
    shown = agency.get(f"/producers/123/productions/{production['id']}/performances")
    ranks = next(one for one in shown if one["number"] == performance["number"])
    assert [ranks[f"amount_rank{rank}"] for rank in range(1, 5)] == [400, 0, 20, 0]
