"""The small dashboard, driven through its real pages and forms."""

import html
import re

import pytest

from dipportal.sandbox import terms
from tests.sandbox.client import Dip


def page(dip: Dip, path: str) -> str:
    answer = dip.raw("GET", f"/dashboard/{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def proposed(dip: Dip) -> tuple[int, str]:
    """The number of an open proposal and the path of its page."""
    made = dip.concept(producerWarranty=650000, remarks="Regel <1>\nRegel 2")
    dip.write("PUT", f"/contracts/{made['id']}/propose")
    return made["id"], f"theaters/{made['theater']['id']}/contracts/{made['id']}/"


def test_the_way_from_the_list_of_theaters_to_a_proposal(agency: Dip) -> None:
    number, path = proposed(agency)
    theater = path.split("/")[1]
    assert f'href="/dashboard/theaters/{theater}/"' in page(agency, "")
    assert f'id="contract-{number}"' in page(agency, f"theaters/{theater}/")
    shown = page(agency, path)
    for text in ("Voorgesteld", "Partage", "Boeking 77", "€ 6.500,00", "12 %", "80 %", "Regel &lt;1&gt;<br>Regel 2"):
        assert text in shown
    assert re.search(r"<button[^>]*>\s*Goedkeuren\s*</button>", shown)
    assert re.search(r"<button[^>]*>\s*Afkeuren\s*</button>", shown)


def test_every_rejection_field_of_the_type_is_offered_and_no_other(agency: Dip) -> None:
    _, path = proposed(agency)
    offered = set(re.findall(r'name="fields"\s+value="(\w+)"', page(agency, path)))
    assert offered == set(terms.rejection_fields_of("partage"))


def test_an_approval_is_a_post_that_ends_on_a_page(agency: Dip) -> None:
    number, path = proposed(agency)
    assert agency.raw("GET", f"/dashboard/{path}approve").status_code == 405
    assert agency.contract(number)["status"] == "proposed"
    answer = agency.raw("POST", f"/dashboard/{path}approve", allow_redirects=False)
    assert answer.status_code == 302
    assert "goedgekeurd" in agency.raw("GET", answer.headers["Location"]).text
    assert agency.contract(number)["status"] == "approved"
    again = agency.raw("POST", f"/dashboard/{path}reject", data={"reason": "Toch niet"})
    assert 'role="alert"' in again.text
    assert agency.contract(number)["status"] == "approved"


def test_a_rejection_names_fields_and_reason(agency: Dip) -> None:
    number, path = proposed(agency)
    fields = ["is_ticket_price_rejected", "is_provider_partage_rejected"]
    answer = agency.raw("POST", f"/dashboard/{path}reject", data={"reason": "75/25 graag", "fields": fields})
    assert "75/25 graag" in answer.text
    assert "Kaartprijzen" in answer.text
    seen = agency.contract(number)
    assert (seen["status"], seen["reject_reason"]) == ("rejected", "75/25 graag")
    assert {name for name, on in seen["rejection_fields"].items() if on} == set(fields)


def test_a_receiver_sees_no_concept_and_nothing_of_another_theater(agency: Dip) -> None:
    made = agency.concept()
    theater = made["theater"]["id"]
    assert f'id="contract-{made["id"]}"' not in page(agency, f"theaters/{theater}/")
    assert agency.raw("GET", f"/dashboard/theaters/{theater}/contracts/{made['id']}/").status_code == 404
    agency.write("PUT", f"/contracts/{made['id']}/propose")
    assert agency.raw("GET", f"/dashboard/theaters/{theater}/contracts/{made['id']}/").status_code == 200
    assert agency.raw("GET", f"/dashboard/theaters/{theater + 1}/contracts/{made['id']}/").status_code == 404


def test_a_provider_proposes_retitles_moves_and_cancels(agency: Dip) -> None:
    made = agency.concept()
    assert f'aria-label="Voorstellen {made["id"]}"' in page(agency, "organisations/41/")
    agency.raw("POST", f"/dashboard/contracts/{made['id']}/propose")
    assert agency.contract(made["id"])["status"] == "proposed"
    production, number = made["production"]["id"], made["performances"][0]["number"]
    assert f'id="performance-{number}"' in page(agency, f"productions/{production}/")
    agency.raw("POST", f"/dashboard/productions/{production}/title", data={"title": "Nieuwe <titel>"})
    agency.raw("POST", f"/dashboard/performances/{number}/move", data={"date": "2026-06-01T20:00"})
    agency.raw("POST", f"/dashboard/performances/{number}/cancel")
    shown = agency.get(f"/producers/123/productions/{production}/performances")
    changed = next(one for one in shown if one["number"] == number)
    assert (changed["date"], changed["status"]) == ("2026-06-01T20:00:00", "cancellation")
    assert changed["production"]["title"] == "Nieuwe <titel>"
    assert agency.contract(made["id"])["first_date"] == "2026-06-01T20:00:00"
    wrong = agency.raw("POST", f"/dashboard/performances/{number}/move", data={"date": "morgen"})
    assert "Vul een datum" in wrong.text


@pytest.mark.parametrize("path", ["theaters/9999/", "organisations/9999/", "productions/NL-1/", "x/"])
def test_what_is_not_there_is_404(agency: Dip, path: str) -> None:
    assert agency.raw("GET", f"/dashboard/{path}").status_code == 404


def test_awkward_names_are_shown_as_text(demo: Dip) -> None:
    home = page(demo, "")
    assert "&#x27;t Vrije Podium" in home
    assert 'Schouwburg "De Kade" & Zalen' in html.unescape(home)
    shown = page(demo, "organisations/41/")
    assert "Ik <b>ben</b> er nog" not in shown
    assert "Ik &lt;b&gt;ben&lt;/b&gt; er nog" in shown
