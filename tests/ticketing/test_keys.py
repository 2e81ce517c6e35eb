"""Keys of ticketing systems: who makes and revokes them, and what is kept of them."""

import pytest
from django.db import IntegrityError

from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.organisations.actors import client
from dipportal.ticketing import keys
from dipportal.ticketing.models_keys import SHOWN, SystemKey
from tests.access import api
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_key_is_long_and_of_its_secret_only_the_digest_stays(world: World) -> None:
    key, secret = api.key(world)
    assert len(secret) >= 43
    kept = SystemKey.objects.filter(pk=key.pk).values().get()
    assert secret not in str(kept)
    assert kept["digest"] == SystemKey.digest_of(secret) != secret
    assert kept["begins_with"] == secret[:SHOWN]
    assert secret not in repr(key) + str(key) + str(Entry.objects.values())
    assert api.key(world, name="Proef")[1] != secret


def test_a_key_is_found_by_its_digest_in_one_question(world: World, django_assert_num_queries: object) -> None:
    """Not by going through all of them: that would tell in time how near a guess is."""
    key, secret = api.key(world)
    for number in range(5):
        api.key(world, name=f"Proef {number}")
    with django_assert_num_queries(1) as asked:  # type: ignore[operator]
        assert keys.recognised(secret) == key
    (question,) = asked.captured_queries
    assert SystemKey.digest_of(secret) in question["sql"]
    assert secret not in question["sql"]


def test_a_row_whose_digest_is_another_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database calls equal is compared once more, in the same time whatever differs."""
    _key, secret = api.key(world)
    compared: list[tuple[str, str]] = []
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda one, other: compared.append((one, other)))
    assert keys.recognised(secret) is None
    assert compared == [(SystemKey.digest_of(secret), SystemKey.digest_of(secret))]


@pytest.mark.parametrize("who", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_only_a_manager_of_the_house_makes_and_revokes(world: World, who: str) -> None:
    key, secret = api.key(world)
    with pytest.raises(NotAllowed):
        keys.create(world.theater, "Ander", actor=world.actors[who])
    with pytest.raises(NotAllowed):
        keys.revoke(key, actor=world.actors[who])
    assert keys.recognised(secret) == key
    assert SystemKey.objects.count() == 1


def test_a_key_makes_no_keys(world: World) -> None:
    key, secret = api.key(world)
    actor = client(world.kade, key.name)
    with pytest.raises(NotAllowed):
        keys.create(world.theater, "Nog een", actor=actor)
    with pytest.raises(NotAllowed):
        keys.revoke(key, actor=actor)
    assert keys.recognised(secret) == key


def test_a_theater_that_nobody_runs_gets_none(world: World) -> None:
    actor = world.actors["kade_manager"]
    world.theater.receiver = None
    world.theater.save()
    with pytest.raises(NotAllowed):
        keys.create(world.theater, "Kassa", actor=actor)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "a\x00b"])
def test_what_is_no_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        api.key(world, name=name)
    assert set(refused.value.fields) == {"name"}


def test_two_keys_of_a_theater_have_two_names(world: World) -> None:
    key, _secret = api.key(world)
    with pytest.raises(Invalid):
        api.key(world, name=" Kassa ")
    api.key(world, "haven")
    keys.revoke(key, actor=world.actors["kade_manager"])
    api.key(world)
    with pytest.raises(IntegrityError):
        SystemKey.objects.create(organisation=world.kade, theater=world.theater, name="Kassa", digest="x")


def test_a_theater_has_so_many_keys_and_no_more(world: World) -> None:
    made = [api.key(world, name=f"Kassa {number}")[0] for number in range(keys.MOST_KEYS)]
    with pytest.raises(Invalid):
        api.key(world, name="Een te veel")
    keys.revoke(made[0], actor=world.actors["kade_manager"])
    api.key(world, name="Weer een")


def test_revoking_is_told_once_and_to_the_house_alone(world: World) -> None:
    key, secret = api.key(world)
    for _time in range(2):
        keys.revoke(key, actor=world.actors["kade_manager"])
    assert keys.recognised(secret) is None
    lines = Entry.objects.filter(code__startswith="count_key.").order_by("pk")
    assert [line.code for line in lines] == ["count_key.created", "count_key.revoked"]
    assert {(line.audience, line.thread, line.fields["name"]) for line in lines} == {(Audience.RECEIVER, "", "Kassa")}
    assert all(secret[:SHOWN] not in str(line.fields) for line in lines)


def test_a_house_that_lost_the_theater_revokes_nothing_there(world: World) -> None:
    key, _secret = api.key(world)
    world.theater.receiver = world.haven
    world.theater.save()
    for who in ("kade_manager", "haven_manager"):
        with pytest.raises(NotAllowed):
            keys.revoke(key, actor=world.actors[who])
