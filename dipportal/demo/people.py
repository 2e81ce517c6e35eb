"""Who can log in to the demo. Plain data: the supervisor prints it, the seed makes it. All names are invented."""

from dataclasses import dataclass, field

PASSWORD = "demo-lantaarn-2026"  # noqa: S105 - printed on the console; only ever valid in a demo


@dataclass(frozen=True)
class Person:
    """`roles` maps an organisation's slug to a role there."""

    email: str
    name: str
    roles: dict[str, str] = field(default_factory=dict)
    staff: bool = False


@dataclass(frozen=True)
class Provider:
    slug: str
    name: str
    client_id: str
    client_secret: str
    # The DIP producers it enters productions for.
    producers: tuple[int, ...]


@dataclass(frozen=True)
class Receiver:
    slug: str
    theater: int
    # The ticketing credential with which counts go to DIP; the theaters without one keep them here.
    client_id: str = ""
    client_secret: str = ""


AGENCY = Provider(
    "impresariaat-lantaarnhof", "Impresariaat Lantaarnhof", "demo-impresariaat", "sandbox-impresariaat", (123, 124, 125)
)
PRODUCER = Provider("toneelwerf", "Stichting Toneelwerf Noorderzijl", "demo-producent", "sandbox-producent", (201,))
PROVIDERS = (AGENCY, PRODUCER)

# The first eight theaters of the sandbox's world, in the order of their DIP ids.
RECEIVERS = (
    Receiver("vrije-podium", 1),
    Receiver("de-kade", 2, "demo-theater-2", "sandbox-theater-2"),
    Receiver("noorderzijlvaest", 3),
    Receiver("waterhorn", 4),
    Receiver("het-anker", 5),
    Receiver("elzenmarke", 6),
    Receiver("de-trekvogel", 7),
    Receiver("zandlicht", 8, "demo-theater-8", "sandbox-theater-8"),
)

PEOPLE = (
    Person("manager@impresariaat.example", "Mies Directeur", {AGENCY.slug: "manager"}),
    Person("planner@impresariaat.example", "Pleun Planner", {AGENCY.slug: "editor"}),
    Person("meekijker@impresariaat.example", "Kees Meekijker", {AGENCY.slug: "viewer"}),
    Person("manager@toneelwerf.example", "Wies Zakelijk", {PRODUCER.slug: "manager"}),
    Person("planner@toneelwerf.example", "Teun Planner", {PRODUCER.slug: "editor"}),
    Person("meekijker@toneelwerf.example", "Noor Meekijker", {PRODUCER.slug: "viewer"}),
    *(
        person
        for receiver in RECEIVERS
        for person in (
            Person(f"manager@{receiver.slug}.example", f"Directie {receiver.theater}", {receiver.slug: "manager"}),
            Person(
                f"programmeur@{receiver.slug}.example", f"Programmering {receiver.theater}", {receiver.slug: "editor"}
            ),
            Person(f"meekijker@{receiver.slug}.example", f"Meekijker {receiver.theater}", {receiver.slug: "viewer"}),
        )
    ),
    Person("dubbel@portaal.example", "Bo Tweezijds", {PRODUCER.slug: "editor", "het-anker": "editor"}),
    Person("beheer@portaal.example", "Beheer", staff=True),
)

# What the console shows; the rest follows the same pattern.
SHOWN = (
    ("planner@impresariaat.example", "aanbieder (impresariaat), bewerker"),
    ("manager@impresariaat.example", "aanbieder (impresariaat), beheerder"),
    ("meekijker@impresariaat.example", "aanbieder (impresariaat), meekijker"),
    ("planner@toneelwerf.example", "aanbieder (producent), bewerker"),
    ("programmeur@de-kade.example", "afnemer (Schouwburg De Kade), bewerker"),
    ("programmeur@zandlicht.example", "afnemer (Podium Zandlicht), bewerker"),
    ("dubbel@portaal.example", "twee organisaties: aanbieder en afnemer"),
    ("beheer@portaal.example", "beheer van het portaal (/beheer/)"),
)
