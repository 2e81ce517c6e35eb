"""The reading calls and their quirks, as far as DIP is known to have them."""

import pytest
import requests

from tests.sandbox.client import Dip


def test_without_a_window_only_the_running_season_comes_back(demo: Dip) -> None:
    running = demo.get("/producers/123/productions")
    everything = demo.productions(123)
    assert {one["season"] for one in running} == {"2025-2026"}
    assert {one["season"] for one in everything} == {"2022-2023", "2023-2024", "2024-2025", "2025-2026"}
    assert {one["startDate"] for one in running} == {"2025-08-01T00:00:00"}


@pytest.mark.parametrize(
    ("start", "end", "seasons"),
    [
        ("2024-08-01", "2025-07-31", {"2024-2025"}),
        ("2025-08-01", "2026-07-31", {"2025-2026"}),
        ("2025-07-31T23:00:00", "2025-08-01", {"2024-2025", "2025-2026"}),
        ("2030-01-01", "2031-01-01", set()),
    ],
)
def test_the_window_is_laid_over_seasons(demo: Dip, start: str, end: str, seasons: set[str]) -> None:
    found = demo.get("/producers/123/productions", startDate=start, endDate=end)
    assert {one["season"] for one in found} == seasons


def test_unknown_query_parameters_are_ignored_but_wrong_values_are_not(agency: Dip) -> None:
    assert agency.get("/contracts", modifiedsince="x", page="2") == agency.get("/contracts")
    assert agency.refused("GET", "/contracts", modifiedSince="gisteren")[0] == 400


def test_a_production_without_sales_answers_400_in_dips_words(agency: Dip) -> None:
    production = agency.write(
        "POST", "/producers/123/productions", {"title": "Nieuw", "season": "2025-2026", "genreId": 4}
    )
    status, value = agency.send("GET", f"/productions/{production['id']}/sales")
    assert (status, value) == (
        400,
        {"error": "Invalid response", "error_description": f"No sales history for production {production['id']}"},
    )


def test_sales_sums_agree_down_to_the_ticket_types(demo: Dip) -> None:
    seen = 0
    for production in demo.productions(124):
        status, rows = demo.send("GET", f"/productions/{production['id']}/sales")
        for row in rows if status == 200 else []:
            assert row["tickets"] == sum(one["tickets"] for one in row["performances"])
            assert row["recette"] == sum(one["recette"] for one in row["performances"])
            parts = demo.get(f"/performances/{row['performances'][0]['number']}/sales")
            assert sum(part["tickets"] for part in parts) == row["performances"][0]["tickets"]
            seen += 1
    assert seen > 5


def test_sales_of_anothers_production_look_like_none(agency: Dip, producer: Dip, kassa: Dip) -> None:
    production, performance = agency.playing(123)
    counts = [{"type": "normal", "tickets": 5, "recette": 9000}]
    body = {"productionNumber": production["id"], "performanceNumber": performance["number"], "counts": counts}
    kassa.write("PUT", "/tickets/cumulative", body)
    assert agency.get(f"/productions/{production['id']}/sales")
    assert producer.refused("GET", f"/productions/{production['id']}/sales")[0] == 400
    assert producer.refused("GET", f"/performances/{performance['number']}/sales")[0] == 400


def test_the_three_entrances_to_performances_show_the_same_records(demo: Dip) -> None:
    _, performance = demo.playing(123)
    theater = performance["theater"]["id"]
    by_producer = demo.get(f"/producers/123/theaters/{theater}/performances")
    assert performance in by_producer
    assert performance in demo.get(f"/theaters/{theater}/performances")
    producers = {one["id"]: one["producer"]["id"] for one in demo.productions(123)}
    assert {producers[one["production"]["id"]] for one in by_producer} == {123}


def test_contracts_are_scoped_to_the_organisation(agency: Dip, producer: Dip, kassa: Dip) -> None:
    ours, theirs = agency.get("/contracts"), producer.get("/contracts")
    assert {one["agency"]["id"] for one in ours} == {41}
    assert {one["producer"]["id"] for one in theirs} == {201}
    assert not {one["id"] for one in ours} & {one["id"] for one in theirs}
    assert kassa.refused("GET", "/contracts") == (400, "Not an agency")
    assert producer.get(f"/contracts/{ours[0]['production']['id']}") == []


def test_fees_of_all_theaters_are_for_agencies_only(agency: Dip, producer: Dip) -> None:
    assert agency.get("/theaters/fees")
    status, value = producer.send("GET", "/theaters/fees")
    assert (status, value) == (400, {"error": "Invalid request", "error_description": "Not an agency"})
    outsider = next(one for one in agency.get("/theaters") if not one["dip_member"])
    assert agency.get(f"/theaters/{outsider['id']}/fees") == []


def test_modified_since_is_inclusive_and_blind_to_the_width_of_fractions(agency: Dip) -> None:
    one, two, *_ = agency.get("/contracts")
    agency.admin.edit("contract", one["id"], modified="2026-03-12T10:00:00.5")
    agency.admin.edit("contract", two["id"], modified="2026-03-12T10:00:00.12")

    def since(moment: str) -> set[int]:
        return {each["id"] for each in agency.get("/contracts", modifiedSince=moment)}

    assert since("2026-03-12T10:00:00.500") == {one["id"]}
    assert since("2026-03-12T10:00:00") == {one["id"], two["id"]}
    assert since("2026-03-12T10:00:00.501") == set()
    # Amsterdam is an hour ahead in March.
    assert since("2026-03-12T09:00:00Z") == {one["id"], two["id"]}


def test_borderellen_are_the_one_list_with_pages(agency: Dip, producer: Dip) -> None:
    assert agency.get("/borderellen")["data"] == []
    sheets = [{"id": number, "owner": 41, "calculation": {"grossRevenueInVat": 100.0}} for number in range(1, 6)]
    agency.admin.load(borderellen=sheets)
    page = agency.get("/borderellen", Offset="2", Limit="2")
    assert [one["id"] for one in page["data"]] == [3, 4]
    assert page["meta"]["pagination"] == {
        "page": 2,
        "pageSize": 2,
        "totalItems": 5,
        "totalPages": 3,
        "hasNextPage": True,
        "hasPreviousPage": True,
    }
    assert agency.get("/borderellen/3") == {"id": 3, "calculation": {"grossRevenueInVat": 100.0}}
    assert producer.refused("GET", "/borderellen/3")[0] == 404


def test_what_is_not_there_is_404_and_a_wrong_method_405(agency: Dip) -> None:
    assert agency.refused("GET", "/theaters/99999")[0] == 404
    assert agency.raw("GET", "/nergens").status_code == 404
    assert agency.raw("POST", "/theaters", json={}).status_code == 405
    assert agency.refused("GET", "/theaters/abc")[0] == 400


@pytest.mark.parametrize("header", ["", "Bearer onzin", "Bearer a.b.c", "Basic abc", "Bearer"])
def test_without_a_good_token_everything_is_401(agency: Dip, header: str) -> None:
    agency.session.headers["Authorization"] = header
    status, value = agency.send("GET", "/theaters")
    assert status == 401
    assert set(value) == {"error", "error_description"}


def test_a_token_changed_by_one_letter_is_worth_nothing(agency: Dip) -> None:
    good = str(agency.session.headers["Authorization"])
    head, claims, signature = good.split(".")
    swapped = "A" if claims[9] != "A" else "B"
    agency.session.headers["Authorization"] = f"{head}.{claims[:9]}{swapped}{claims[10:]}.{signature}"
    assert agency.raw("GET", "/theaters").status_code == 401


def test_the_token_call_and_its_refusals(agency: Dip) -> None:
    url = f"{agency.sandbox.url}/token"
    good = {"client_id": "demo-impresariaat", "client_secret": "sandbox-impresariaat"}
    assert requests.post(url, data=good | {"grant_type": "client_credentials"}, timeout=10).status_code == 200
    assert requests.post(url, data=good | {"client_secret": "x"}, timeout=10).status_code == 401
    assert requests.post(url, data={"client_id": "x"}, timeout=10).status_code == 400
    assert requests.post(url, data=good | {"grant_type": "password"}, timeout=10).status_code == 400
    assert requests.post(url, json=good, timeout=10).status_code == 415
    assert agency.log_in()["expires_in"] == 3600
    agency.admin.switch(expires_in=False)
    assert "expires_in" not in agency.log_in()
