"""Managers make and revoke the keys of the theater's ticketing system."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from dipportal.catalogue.models import Theater
from dipportal.ticketing import actions, keys
from dipportal.ticketing.models_keys import SystemKey
from tests.access import api
from tests.world import World

pytestmark = pytest.mark.django_db
Url = Callable[..., str]


def shown(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_a_new_key_is_shown_once_and_works(world: World, manager: Client, url: Url) -> None:
    answer = manager.post(url("ticketing_keys"), {"name": "Kassasysteem"})
    secret = answer.context["secret"]
    assert f'value="{secret}"' in shown(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    key = keys.recognised(secret)
    assert key is not None
    assert (key.name, key.theater, key.created_by) == ("Kassasysteem", world.theater, world.people["kade_manager"])
    again = shown(manager.get(url("ticketing_keys")))
    assert secret not in again
    assert f"{key.begins_with}…" in again
    assert "Kassasysteem" in again
    assert secret not in str(dict(manager.session))


def test_the_page_sent_again_makes_no_second_key(manager: Client, url: Url) -> None:
    for _time in range(2):
        answer = manager.post(url("ticketing_keys"), {"name": "Kassasysteem"})
    assert "There is a key of this name already" in shown(answer)
    assert SystemKey.objects.count() == 1
    assert 'data-section="made"' not in shown(answer)


def test_a_key_without_a_name_is_refused(manager: Client, url: Url) -> None:
    assert manager.post(url("ticketing_keys"), {"name": " "}).context["form"].errors["name"]
    assert not SystemKey.objects.exists()


def test_revoking_asks_in_words_and_a_get_changes_nothing(world: World, manager: Client, url: Url) -> None:
    key, secret = api.key(world)
    page = shown(manager.get(url("ticketing_key_revoke", pk=key.pk)))
    assert f"Revoke the key Kassa ({key.begins_with}…) of {world.theater}?" in page
    assert keys.recognised(secret) == key
    done = manager.post(url("ticketing_key_revoke", pk=key.pk), follow=True)
    assert done.redirect_chain == [(url("ticketing_keys"), 302)]
    assert "it opens nothing any more" in shown(done)
    assert keys.recognised(secret) is None
    assert "Keys that were revoked" in shown(done)
    assert "This key was revoked already." in shown(manager.get(url("ticketing_key_revoke", pk=key.pk), follow=True))


def test_the_last_use_stands_beside_a_key(world: World, manager: Client, url: Url) -> None:
    key, secret = api.key(world)
    assert "never" in shown(manager.get(url("ticketing_keys")))
    api.call("GET", "performances", secret)
    assert "never" not in shown(manager.get(url("ticketing_keys")))
    assert SystemKey.objects.get(pk=key.pk).last_used_at is not None


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_nobody_but_a_manager_sees_or_makes_keys(world: World, url: Url, role: str) -> None:
    key, _secret = api.key(world)
    person = Client()
    person.force_login(world.people[f"kade_{role}"])
    assert person.get(url("ticketing_keys")).status_code == 403
    assert person.post(url("ticketing_keys"), {"name": "x"}).status_code == 403
    assert person.post(url("ticketing_key_revoke", pk=key.pk)).status_code == 403
    assert url("ticketing_keys") not in person.get(url("counts")).content.decode()
    assert SystemKey.objects.filter(revoked_at=None).count() == 1


def test_a_house_with_several_theaters_chooses_one_of_its_own(world: World, manager: Client, url: Url) -> None:
    second = Theater.objects.create(id=30, name="Kleine Kade", dip_member=True, receiver=world.kade)
    refused = manager.post(url("ticketing_keys"), {"name": "Kassa", "theater": world.other_theater.pk})
    assert refused.context["form"].errors["theater"]
    assert not SystemKey.objects.exists()
    manager.post(url("ticketing_keys"), {"name": "Kassa", "theater": second.pk})
    assert SystemKey.objects.get().theater == second
    assert "Kleine Kade" in shown(manager.get(url("ticketing_keys")))


def test_a_house_without_a_theater_is_told_why_it_can_make_none(world: World, manager: Client, url: Url) -> None:
    Theater.objects.update(receiver=None)
    page = shown(manager.get(url("ticketing_keys")))
    assert "No theater is linked to this organisation yet" in page
    assert "data-action" not in page.partition("<main")[2].partition("</main")[0]
    assert manager.post(url("ticketing_keys"), {"name": "Kassa"}).status_code == 200
    assert not SystemKey.objects.exists()


def test_a_count_that_a_system_tells_closes_the_form_in_words(
    world: World, editor: Client, manager: Client, url: Url
) -> None:
    one = world.performances[0]
    _key, secret = api.key(world)
    body = {
        "productionNumber": one.production.dip_id,
        "performanceNumber": one.number,
        "counts": [{"type": "normal", "tickets": 80, "recette": 200_000}],
    }
    assert api.call("PUT", "tickets", secret, body).status_code == 200
    page = shown(editor.get(url("count", pk=one.pk)))
    assert "Your ticketing system told the count of this performance itself" in page
    assert 'name="normal"' not in page
    assert "the theater's ticketing system" in page
    assert "Kassa" in page
    actions.link(one, "EV-1", actor=world.actors["kade_editor"])
    assert "The form stays closed all the same." in shown(editor.get(url("unlink", pk=one.pk)))
    gone = shown(editor.post(url("unlink", pk=one.pk), follow=True))
    assert "The link is gone. Your ticketing system told the count" in gone
    answer = editor.post(url("count", pk=one.pk), {"normal": "9"}, follow=True)
    assert "Your ticketing system told the count" in shown(answer)
