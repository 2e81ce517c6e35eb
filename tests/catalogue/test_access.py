"""Who runs a theater and who acts for a producer: set by administrators only, in one column, with a line."""

from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue import access
from dipportal.catalogue.models import Producer, Theater
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.organisations.actors import staff
from tests.access.filling import filled_in
from tests.world import World


@pytest.mark.parametrize("name", ["kade_manager", "haven_manager", "agency_manager", "rival_manager"])
def test_only_an_administrator_links(world: World, name: str) -> None:
    actor = world.actors[name]
    with pytest.raises(NotAllowed):
        access.set_receiver(world.other_theater, world.kade, actor=actor)
    with pytest.raises(NotAllowed):
        access.set_providers(world.rival_producer, [world.agency], actor=actor)
    world.other_theater.refresh_from_db()
    assert world.other_theater.receiver == world.haven
    assert list(world.rival_producer.providers.all()) == [world.rival]
    assert not Entry.objects.exists()


def test_an_organisation_of_the_other_side_is_refused(world: World) -> None:
    actor = staff(world.people["staff"])
    with pytest.raises(Invalid) as refused:
        access.set_receiver(world.theater, world.agency, actor=actor)
    assert set(refused.value.fields) == {"receiver"}
    with pytest.raises(Invalid) as refused:
        access.set_providers(world.producer, [world.agency, world.kade], actor=actor)
    assert set(refused.value.fields) == {"providers"}
    assert not Entry.objects.exists()
    assert list(world.producer.providers.all()) == [world.agency]


def test_a_link_is_written_once_with_old_and_new(world: World) -> None:
    actor = staff(world.people["staff"])
    for _time in range(2):
        access.set_receiver(world.theater, world.haven, actor=actor)
        access.set_providers(world.producer, [world.rival, world.agency], actor=actor)
    theater = Entry.objects.get(code="theater.receiver_set")
    producer = Entry.objects.get(code="producer.providers_set")
    kade, haven = ({"id": one.pk, "name": one.name} for one in (world.kade, world.haven))
    agency, rival = ({"id": one.pk, "name": one.name} for one in (world.agency, world.rival))
    assert theater.fields == {"receiver": [kade, haven]}
    assert producer.fields == {"providers": [[agency], [agency, rival]]}
    assert {theater.audience, producer.audience} == {Audience.STAFF}
    access.set_receiver(world.theater, None, actor=actor)
    assert Entry.objects.filter(code="theater.receiver_set").count() == 2
    assert Theater.objects.get(pk=world.theater.pk).receiver is None


def test_the_admin_links_through_these_actions(world: World, client: Client) -> None:
    client.force_login(world.people["staff"])
    url = reverse("admin:catalogue_theater_change", args=[world.theater.pk])
    posted: dict[str, Any] = filled_in(url, client.get(url).content.decode(), url)
    assert client.post(url, {**posted, "receiver": str(world.haven.pk), "name": "Roof"}).status_code == 302
    # The organisation of the other side is not on offer.
    assert client.post(url, {**posted, "receiver": str(world.agency.pk)}).status_code == 200
    url = reverse("admin:catalogue_producer_change", args=[world.producer.pk])
    assert client.post(url, {"providers": [str(world.rival.pk)]}).status_code == 302
    theater, producer = Theater.objects.get(pk=world.theater.pk), Producer.objects.get(pk=world.producer.pk)
    assert (theater.receiver, theater.name) == (world.haven, 'Schouwburg "De Kade"')
    assert list(producer.providers.all()) == [world.rival]
    administrator = world.people["staff"].pk
    assert list(Entry.objects.order_by("pk").values_list("code", "user", "target_id")) == [
        ("theater.receiver_set", administrator, str(theater.pk)),
        ("producer.providers_set", administrator, str(producer.pk)),
    ]


@pytest.mark.parametrize("model", [Theater, Producer])
def test_a_save_in_the_admin_puts_back_nothing_that_a_pull_wrote_meanwhile(world: World, model: Any) -> None:
    """The row was read before the pull renamed it, and is saved after that."""
    request = HttpRequest()
    request.user = world.people["staff"]
    row = model.objects.get(pk=world.theater.pk if model is Theater else world.producer.pk)
    model.objects.filter(pk=row.pk).update(name="Nieuw", missing_since=timezone.now())
    page = admin.site.get_model_admin(model)
    choice = {"receiver": world.haven.pk} if model is Theater else {"providers": [world.rival.pk]}
    form = page.get_form(request, row, change=True)(choice, instance=row)
    assert form.is_valid(), form.errors
    page.save_model(request, page.save_form(request, form, change=True), form, change=True)
    page.save_related(request, form, [], change=True)
    now = model.objects.get(pk=row.pk)
    assert (now.name, now.missing_since is None) == ("Nieuw", False)
    assert Entry.objects.count() == 1
