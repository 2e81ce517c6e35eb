"""Fills an empty store with a world."""

from __future__ import annotations

from datetime import date
from random import Random

from dipportal.sandbox.credentials import CREDENTIAL_SETS
from dipportal.sandbox.store import Store
from dipportal.sandbox.world import box_office, deals, places, tours
from dipportal.sandbox.world.scales import SCALES, Scale, Share


def fill(store: Store, *, scale: str, seed: int, today: date) -> None:
    """Draws from one seeded source and reads no clock."""
    size = SCALES[scale]
    rng = Random(f"{scale}/{seed}")
    with store.transaction():
        ground = places.fill(store, rng, size, today)
        by_id = {one["id"]: one for one in ground.theaters}
        numbers = tours.Numbers()
        agency, producer = CREDENTIAL_SETS["demo-impresariaat"], CREDENTIAL_SETS["demo-producent"]
        first_title, first_id = 0, 200000
        for provider, share in ((agency, size.agency), (producer, size.producer)):
            made = tours.tours(rng, size, ground, share, numbers=numbers, today=today, first_title=first_title)
            first_title += len(made)
            sold = _sold(rng, size, made, today)
            records = deals.agreements(
                rng, share, provider, deals.groups(rng, made, by_id),
                today=today, first_open=size.first_open, first_id=first_id,
            )  # fmt: skip
            if share is size.agency:
                sold = tours.one_to_enter(sold, [one for tour in made for one in tour.performances], today)
                store.set_meta("odd_counts", box_office.make_odd(sold, records, today))
            _put_tours(store, made, sold, box_office.Prices.of(records))
            store.put_many("contract", [(one["id"], one) for one in records])
            first_id = max([first_id, *(one["id"] for one in records)])
        _put_archive(store, size, ground, seed=f"{scale}/{seed}/archive", today=today, first_title=first_title)
        store.set_meta("clients", {str(agency.organisation): list(size.agency.clients)})
        store.set_meta("providers", [{"id": one.organisation, "name": one.name} for one in (agency, producer)])
        store.reserve_number("contract", first_id)
        store.reserve_number("performance", numbers.performance)
        store.reserve_number("serial", numbers.serial)


def _put_archive(store: Store, size: Scale, ground: places.Places, *, seed: str, today: date, first_title: int) -> None:
    """The seasons behind: numbers below those of all others."""
    rng, numbers = Random(seed), tours.Numbers(performance=11400000, serial=20)
    for share in (size.agency, size.producer):
        behind = Share(
            share.clients,
            earlier=share.archive,
            seasons=share.archive_seasons + 1,
            earlier_performances=share.archive_performances,
        )
        made = tours.tours(rng, size, ground, behind, numbers=numbers, today=today, first_title=first_title)
        first_title += len(made)
        _put_tours(store, made, _sold(rng, size, made, today), box_office.Prices())


def _sold(rng: Random, size: Scale, made: list[tours.Tour], today: date) -> list[box_office.Sold]:
    found = (tours.counts(rng, size, one, today) for tour in made for one in tour.performances)
    return [one for one in found if one is not None]


def _put_tours(store: Store, made: list[tours.Tour], sold: list[box_office.Sold], prices: box_office.Prices) -> None:
    played = [performance for one in made for performance in one.performances]
    box_office.give_ranks(played, prices)
    store.put_many("production", [(one.production["id"], one.production) for one in made])
    store.put_many("performance", [(one["number"], one) for one in played])
    for kind, records in box_office.records(sold, prices).items():
        store.put_many(kind, [(one["number"], one) for one in records])
