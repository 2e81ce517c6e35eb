"""Creating, updating, proposing and revising agreements, and everything DIP would say no to."""

from typing import Any

import pytest

from dipportal.sandbox import terms
from tests.sandbox.client import Dip

# The least that each type takes.
LEAST: dict[str, dict[str, Any]] = {
    "partage": {"royaltiesPercentage": 12, "partagePercentage": 80},
    "volume": {"royaltiesPercentage": 10, "volumes": [{"amount": 99999999, "percentage": 50}]},
    "buyout": {"royaltiesPercentage": 11, "buyoutAmount": 450000},
    "suppletion": {"royaltiesPercentage": 11, "partagePercentage": 75, "suppletion": 250000},
    "rent": {"rent": 125000},
}


@pytest.mark.parametrize("contract_type", terms.CONTRACT_TYPES)
def test_a_concept_of_each_type_comes_back_with_all_members(agency: Dip, contract_type: str) -> None:
    body = agency.body() | {"properties": LEAST[contract_type]}
    made = agency.write("POST", f"/contracts/{contract_type}/create", body)
    assert (made["type"], made["status"], made["parentId"], made["childIds"]) == (contract_type, "concept", 0, [])
    given = {terms.snake(name): value for name, value in LEAST[contract_type].items()}
    assert made["properties"] == terms.properties(contract_type, given)
    assert (made["name"], made["contact_theater"]) == ("Boeking 77", "kassa@theater.example")
    assert made["first_date"] == made["performances"][0]["date"]
    assert made["agency"] == {"id": 41, "name": "Impresariaat Lantaarnhof"}
    assert agency.contract(made["id"]) == made
    assert made in agency.get(f"/contracts/{body['productionNumber']}")


def test_a_producer_without_agency_provides_itself(producer: Dip) -> None:
    made = producer.write("POST", "/contracts/partage/create", producer.body(201))
    assert (made["agency"], made["agencyAsProvider"], made["producer"]["id"]) == (None, False, 201)


def test_percentages_are_decimals_and_money_stays_whole(agency: Dip) -> None:
    made = agency.concept(producerWarranty=650000)
    answer = agency.raw("GET", f"/contracts/{made['production']['id']}").text
    assert '"royalties_percentage":12.0' in answer
    assert '"producer_warranty":650000,' in answer


@pytest.mark.parametrize("contract_type", terms.CONTRACT_TYPES)
def test_each_mandatory_member_is_missed(agency: Dip, contract_type: str) -> None:
    for name in LEAST[contract_type]:
        properties = {key: value for key, value in LEAST[contract_type].items() if key != name}
        path = f"/contracts/{contract_type}/create"
        status, text = agency.refused("POST", path, agency.body() | {"properties": properties})
        assert (status, text) == (400, f"properties.{name}: is required")


@pytest.mark.parametrize("contract_type", terms.CONTRACT_TYPES)
def test_members_of_another_type_are_refused(agency: Dip, contract_type: str) -> None:
    own = set(terms.OWN[contract_type])
    foreign = {name for members in terms.OWN.values() for name in members} - own
    for name in sorted(foreign):
        member = "".join(part.capitalize() if index else part for index, part in enumerate(name.split("_")))
        properties = LEAST[contract_type] | {member: 1}
        status, text = agency.refused(
            "POST", f"/contracts/{contract_type}/create", agency.body() | {"properties": properties}
        )
        assert (status, text) == (400, f"properties.{member}: unknown member")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": None}, "name: "),
        ({"theaterId": "1"}, "theaterId: "),
        ({"theaterId": 9999}, "Theater 9999 not found"),
        ({"performanceNumbers": []}, "performanceNumbers: "),
        ({"performanceNumbers": [1]}, "performanceNumbers: 1 is no performance"),
        ({"productionNumber": "NL-25-123-99999"}, "Production NL-25-123-99999 not found"),
        ({"extra": 1}, "extra: unknown member"),
        ({"properties": {"royaltiesPercentage": "12.0", "partagePercentage": 80}}, "properties.royaltiesPercentage: "),
        ({"properties": {"royaltiesPercentage": 12, "partagePercentage": 180}}, "properties.partagePercentage: "),
        ({"properties": LEAST["partage"] | {"producerWarranty": 12.5}}, "properties.producerWarranty: "),
        ({"properties": LEAST["partage"] | {"producer_warranty": 12}}, "properties.producer_warranty: unknown"),
        ({"properties": LEAST["partage"] | {"producerWarranty": 1, "theaterWarranty": 1}}, "properties: only one"),
    ],
)
def test_a_wrong_body_is_refused_with_the_member_named(agency: Dip, change: dict[str, Any], told: str) -> None:
    before = agency.get("/contracts")
    status, text = agency.refused("POST", "/contracts/partage/create", agency.body() | change)
    assert status in (400, 404)
    assert text.startswith(told)
    assert agency.get("/contracts") == before
    assert agency.admin.writes() == []


def test_a_body_that_is_no_json_is_refused(agency: Dip) -> None:
    for data, content_type, status in (
        (b"{", "application/json", 400),
        (b'{"name": NaN}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"", "application/json", 400),
    ):
        answer = agency.raw("POST", "/contracts/partage/create", data=data, headers={"Content-Type": content_type})
        assert answer.status_code == status, (data, answer.text)
        assert set(answer.json()) == {"error", "error_description"}


def test_the_theater_must_be_a_dip_member(agency: Dip) -> None:
    outsider = next(one for one in agency.get("/theaters") if not one["dip_member"])
    body = agency.body()
    made = agency.write(
        "POST",
        f"/producers/123/productions/{body['productionNumber']}/performances",
        {"date": "2026-05-01T20:15", "theaterId": outsider["id"]},
    )
    body |= {"theaterId": outsider["id"], "performanceNumbers": [made["number"]]}
    status, text = agency.refused("POST", "/contracts/partage/create", body)
    assert (status, text) == (400, f"theaterId: theater {outsider['id']} is not a DIP member")


def test_performances_must_play_in_the_theater_of_the_agreement(agency: Dip) -> None:
    body = agency.body()
    other = next(one["id"] for one in agency.get("/theaters") if one["dip_member"] and one["id"] != body["theaterId"])
    status, text = agency.refused("POST", "/contracts/partage/create", body | {"theaterId": other})
    assert (status, "does not play in theater" in text) == (400, True)


def test_nobody_writes_for_another_organisation(agency: Dip, producer: Dip, kassa: Dip) -> None:
    made = agency.concept()
    assert producer.refused("POST", "/contracts/partage/create", producer.body(123))[0] == 403
    assert producer.refused("PUT", f"/contracts/{made['id']}/propose")[0] == 403
    assert producer.refused("PUT", f"/contracts/{made['id']}/partage/update", producer.body(201))[0] == 403
    assert kassa.refused("POST", "/contracts/partage/create", kassa.body(123)) == (400, "Not an agency")
    assert agency.contract(made["id"])["status"] == "concept"


def test_an_update_replaces_the_terms_of_a_concept(agency: Dip) -> None:
    made = agency.concept(producerWarranty=650000, remarks="Oud")
    body = agency.body(partagePercentage=70.0)
    changed = agency.write("PUT", f"/contracts/{made['id']}/partage/update", body)
    assert changed["properties"]["partage_percentage"] == 70.0
    assert (changed["properties"]["producer_warranty"], changed["properties"]["remarks"]) == (0, "")
    assert changed["modified"] > made["modified"]
    assert agency.contract(made["id"]) == changed


def test_the_type_of_a_concept_stays_unless_the_switch_says_otherwise(agency: Dip) -> None:
    made = agency.concept()
    path, body = f"/contracts/{made['id']}/buyout/update", agency.body() | {"properties": LEAST["buyout"]}
    assert agency.refused("PUT", path, body)[0] == 400
    agency.admin.switch(type_change="allow")
    assert agency.write("PUT", path, body)["type"] == "buyout"


def test_states_allow_what_dip_allows_and_nothing_else(agency: Dip) -> None:
    body = agency.body()
    moves = {
        "update": ("PUT", "partage/update", body),
        "propose": ("PUT", "propose", None),
        "revise": ("POST", "partage/revise", body),
    }
    allowed = {"concept": {"update", "propose"}, "approved": {"revise"}}
    for status in ("concept", "proposed", "approved", "rejected", "revised", "revised-in-pki"):
        for name, (method, path, content) in moves.items():
            made = agency.concept()
            agency.admin.edit("contract", made["id"], status=status)
            code, _ = agency.send(method, f"/contracts/{made['id']}/{path}", content)
            assert (code == 200) == (name in allowed.get(status, set())), (status, name, code)


def test_versions_hang_from_the_root_and_the_last_approved_one_wins(agency: Dip) -> None:
    made = agency.concept()
    agency.write("PUT", f"/contracts/{made['id']}/propose", {})
    agency.admin.approve(made["id"])
    first = agency.write("POST", f"/contracts/{made['id']}/partage/revise", agency.body(partagePercentage=75.0))
    assert (first["status"], first["parentId"]) == ("concept", made["id"])
    assert first["id"] != made["id"]
    assert agency.contract(made["id"])["status"] == "approved"
    agency.write("PUT", f"/contracts/{first['id']}/propose")
    agency.admin.approve(first["id"])
    assert agency.contract(made["id"])["status"] == "revised"
    second = agency.write("POST", f"/contracts/{first['id']}/partage/revise", agency.body())
    assert second["parentId"] == made["id"]
    assert agency.contract(made["id"])["childIds"] == [first["id"], second["id"]]
    assert agency.contract(first["id"])["childIds"] == []


def test_a_revision_stays_between_the_same_parties(agency: Dip) -> None:
    made = agency.concept()
    agency.admin.edit("contract", made["id"], status="approved")
    other_production, other = agency.playing(124)
    body = agency.body() | {
        "productionNumber": other_production["id"],
        "theaterId": other["theater"]["id"],
        "performanceNumbers": [other["number"]],
    }
    status, text = agency.refused("POST", f"/contracts/{made['id']}/partage/revise", body)
    assert (status, "keeps the production" in text) == (400, True)


def test_a_create_may_answer_the_bare_id(agency: Dip) -> None:
    agency.admin.switch(create_answers="bare-id")
    number = agency.write("POST", "/contracts/partage/create", agency.body())
    assert isinstance(number, int)
    assert agency.contract(number)["status"] == "concept"


def test_a_theater_answers_field_by_field(agency: Dip) -> None:
    made = agency.concept()
    agency.write("PUT", f"/contracts/{made['id']}/propose")
    agency.admin.reject(made["id"], "Te hoog.", ("is_provider_guarantee_rejected",))
    seen = agency.contract(made["id"])
    assert (seen["status"], seen["reject_reason"]) == ("rejected", "Te hoog.")
    assert [name for name, on in seen["rejection_fields"].items() if on] == ["is_provider_guarantee_rejected"]
    assert len(seen["rejection_fields"]) == 22
