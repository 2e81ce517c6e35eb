"""One small world: everything a test needs by name, and for every object a neighbour's that could leak."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PASSWORD = "een-lang-wachtwoord-9"

PARTAGE: dict[str, Any] = {
    "provider_share": Decimal("80"),
    "provider_guarantee": 650000,
    "receiver_guarantee": 0,
    "guarantee_per_performance": False,
    "copyright_percentage": Decimal("12"),
    "copyright_part_added": True,
    "theater_surcharge": 200,
    "entrance_prices": [2800],
    "settlement_prices": [2600],
    "remarks": "Speelduur 90 minuten zonder pauze.",
}


@dataclass
class World:
    """`agency` (provider) and `kade` (receiver) are 'us'; `rival` and `haven` are the neighbours."""

    agency: Organisation
    rival: Organisation
    kade: Organisation
    haven: Organisation
    people: dict[str, User]
    actors: dict[str, Actor]
    genre: Genre
    producer: Producer
    rival_producer: Producer
    theater: Theater
    other_theater: Theater
    hall: Hall
    other_hall: Hall
    production: Production
    rival_production: Production
    performances: list[Performance]
    rival_performance: Performance
    extra: dict[str, Any] = field(default_factory=dict)

    def contract(self, *, status: str = "concept", kind: str = "partage", **changes: Any) -> Contract:
        """An agreement of the agency with De Kade for the first performance, brought to this status by the actions."""
        terms = {**(PARTAGE if kind == "partage" else {}), **changes.pop("terms", {})}
        values: dict[str, Any] = {
            "provider": self.agency,
            "production": self.production,
            "theater": self.theater,
            "performances": [self.performances[0]],
            "kind": kind,
            "terms": terms,
            "actor": self.actors["agency_editor"],
            "parties": {
                "contact_receiver": "programmering@kade.example",
                "contact_provider": "plan@agency.example",
            },
            **changes,
        }
        contract = actions.create_concept(**values)
        return self.bring(contract, status, proposer=values["actor"])

    def colleague(self, organisation: Organisation, name: str = "collega") -> Actor:
        """One more editor of this organisation."""
        user = User.objects.create_user(f"{name}@{organisation.slug}.example", PASSWORD, name=f"{name.title()}")
        return member(Membership.objects.create(user=user, organisation=organisation, role=Role.EDITOR))

    def rival_contract(self, *, status: str = "concept", **changes: Any) -> Contract:
        """The neighbour's agreement: the rival's production in the neighbour's theater."""
        contract = actions.create_concept(
            provider=self.rival,
            production=self.rival_production,
            theater=self.other_theater,
            performances=[self.rival_performance],
            kind="partage",
            terms={**PARTAGE, **changes},
            actor=self.actors["rival_editor"],
        )
        return self.bring(contract, status, proposer=self.actors["rival_editor"], answerer=self.actors["haven_editor"])

    def bring(
        self, contract: Contract, status: str, *, proposer: Actor | None = None, answerer: Actor | None = None
    ) -> Contract:
        proposer = proposer or self.actors["agency_editor"]
        answerer = answerer or self.actors["kade_editor"]
        if status != "concept":
            actions.propose(contract, actor=proposer)
        if status == "approved":
            actions.approve(contract, actor=answerer)
        if status == "rejected":
            actions.reject(
                contract,
                actor=answerer,
                reason="De garantie is te hoog.",
                rejected_terms=["provider_guarantee"],
            )
        return contract


@contextmanager
def undone() -> Iterator[None]:
    """What a request changes is taken back, so that the next person meets the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def evening(days: int, hour: int = 20, minute: int = 15) -> dt.datetime:
    """An evening so many days from now, in Amsterdam."""
    day = timezone.localdate() + dt.timedelta(days=days)
    return dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)


def season() -> str:
    today = timezone.localdate()
    start = today.year if today.month >= 8 else today.year - 1
    return f"{start}-{start + 1}"


def _organisation(slug: str, name: str, side: Side) -> Organisation:
    return Organisation.objects.create(
        slug=slug, name=name, kind=side, contact_name=f"Contact {name}", contact_email=f"contact@{slug}.example",
        contact_phone="010-0000000",
    )  # fmt: skip


def _people(organisations: dict[str, Organisation]) -> tuple[dict[str, User], dict[str, Actor]]:
    """Everybody, in few statements: nearly every test begins with them."""
    password = make_password(PASSWORD)

    def person(email: str, name: str, **rights: bool) -> User:
        return User(email=email, name=name, password=password, **rights)

    people = {
        f"{name}_{role}": person(f"{role}@{organisation.slug}.example", f"{role.title()} {organisation.name}")
        for name, organisation in organisations.items()
        for role in Role
    }
    own = list(people)
    people["staff"] = person("beheer@portal.example", "Beheer", is_staff=True, is_superuser=True)
    people["nobody"] = person("niemand@portal.example", "Zonder organisatie")
    User.objects.bulk_create(people.values())
    members = {name: people[name] for name in own}
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in members.values()
    )
    memberships = [
        Membership(user=user, organisation=organisations[name.split("_")[0]], role=name.split("_")[1])
        for name, user in members.items()
    ]
    Membership.objects.bulk_create(memberships)
    return people, {name: member(one) for name, one in zip(own, memberships, strict=True)}


def build() -> World:
    organisations = {
        "agency": _organisation("impresariaat-noord", "Impresariaat Noord", Side.PROVIDER),
        "rival": _organisation("impresariaat-zuid", "Impresariaat Zuid", Side.PROVIDER),
        "kade": _organisation("de-kade", 'Schouwburg "De Kade"', Side.RECEIVER),
        "haven": _organisation("de-haven", "Theater De Haven", Side.RECEIVER),
    }
    people, actors = _people(organisations)
    genre = Genre.objects.create(id=4, name="Toneel")
    producer = Producer.objects.create(id=123, name="Producent Storm", kind="Producent")
    rival_producer = Producer.objects.create(id=777, name="Producent Windstil", kind="Producent")
    producer.providers.add(organisations["agency"])
    rival_producer.providers.add(organisations["rival"])
    theater = Theater.objects.create(
        id=19,
        name='Schouwburg "De Kade"',
        city="Voorbeeldstad",
        dip_member=True,
        receiver=organisations["kade"],
    )
    other_theater = Theater.objects.create(
        id=20, name="Theater De Haven", city="Havenstad", dip_member=True, receiver=organisations["haven"]
    )
    Theater.objects.create(id=21, name="Festival Veldzicht", city="Veldzicht", kind="festival", dip_member=False)
    hall = Hall.objects.create(id=57, name="Grote zaal", theater=theater)
    other_hall = Hall.objects.create(id=58, name="Havenzaal", theater=other_theater)
    production = Production.objects.create(
        dip_id="NL-25-123-0003776", title="De Storm", season=season(), genre=genre, producer=producer
    )
    rival_production = Production.objects.create(
        dip_id="NL-25-777-00279", title="Windstilte", season=season(), genre=genre, producer=rival_producer
    )
    performances = [
        Performance.objects.create(
            number=11484906 + index, production=production, theater=theater, hall=hall, starts_at=evening(30 + index),
            capacity=[500],
        )
        for index in range(3)
    ]  # fmt: skip
    rival_performance = Performance.objects.create(
        number=99400001,
        production=rival_production,
        theater=other_theater,
        hall=other_hall,
        starts_at=evening(40),
    )
    return World(
        **organisations,
        people=people,
        actors=actors,
        genre=genre,
        producer=producer,
        rival_producer=rival_producer,
        theater=theater,
        other_theater=other_theater,
        hall=hall,
        other_hall=other_hall,
        production=production,
        rival_production=rival_production,
        performances=performances,
        rival_performance=rival_performance,
    )
