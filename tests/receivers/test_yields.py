"""What a proposal yields, on the screen where it is answered and while an adapted proposal is typed."""

from django.test import Client
from django.urls import reverse

from dipportal.contracts.models import Contract
from tests.world import World


def at(world: World, name: str, pk: int) -> str:
    return reverse(f"receivers:{name}", kwargs={"organisation": world.kade.slug, "pk": pk})


def test_the_answer_screen_shows_what_both_sides_get(world: World, client: Client) -> None:
    contract = world.contract(status="proposed")
    client.force_login(world.people["kade_viewer"])
    response = client.get(at(world, "contract", contract.pk))
    money = response.context["money"]
    assert [column.percent for column in money.columns] == [20, 40, 60, 80, 100]
    assert money.columns[0].provider == 650000
    assert "6.500,00" in response.content.decode()


def test_an_adapted_proposal_is_worked_out_while_it_is_typed(world: World, client: Client) -> None:
    contract = world.contract(status="proposed")
    client.force_login(world.people["kade_editor"])
    begun = client.get(at(world, "counter", contract.pk)).context["money"]
    assert begun.columns[0].provider == 650000
    typed = {
        "provider_share": "80", "provider_guarantee": "5000", "copyright_percentage": "12",
        "copyright_part_added": "on", "entrance_prices": "28", "settlement_prices": "26", "theater_surcharge": "2",
    }  # fmt: skip
    answer = client.post(at(world, "contract_yield", contract.pk), typed)
    assert answer.context["money"].columns[0].provider == 500000
    assert Contract.objects.count() == 1
    contract.refresh_from_db()
    assert contract.status == "proposed"
