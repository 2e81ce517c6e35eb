"""Invented Dutch names, with the awkward ones that real data also has."""

from __future__ import annotations

from random import Random

PROVINCES = (
    "Drenthe", "Flevoland", "Friesland", "Gelderland", "Groningen", "Limburg", "Noord-Brabant", "Noord-Holland",
    "Overijssel", "Utrecht", "Zeeland", "Zuid-Holland",
)  # fmt: skip
GENRES = (
    "Cabaret", "Dans", "Musical", "Toneel", "Jeugdtheater", "Muziektheater", "Opera", "Klassieke muziek", "Popmuziek",
    "Circus en variété",
)  # fmt: skip
COUNTRIES = ("Nederland", "België", "Duitsland", "Luxemburg", "Frankrijk")
FIRST_THEATERS = (
    "'t Vrije Podium",
    'Schouwburg "De Kade" & Zalen',
    "Theater Noorderzijlvæst – Café Été",
    "Stadstheater Waterhorn",
    "Concertgalerij Het Anker",
    "Parktheater Elzenmarke",
    "Schouwburg De Trekvogel",
    "Podium Zandlicht",
)
RETIRED_THEATER = "NIET GEBRUIKEN - Theater De Oude Sluis"
RETIRED_HALL = "Tuinzaal (NIET GEBRUIKEN)"
HALLS = (
    "Grote zaal", "Kleine zaal", "Middenzaal", "Studio", "Foyer", "Bovenzaal", "Vlakkevloerzaal", "Kapel", "Zolder",
    "Buitenpodium", "Kamermuziekzaal", "Repetitielokaal 2",
)  # fmt: skip
_HOUSES = (
    "Theater", "Schouwburg", "Podium", "Cultuurhuis", "Stadstheater", "Concertzaal", "Muziekhuis", "Parktheater",
    "Kunstcentrum", "Dorpshuis", "Zaaltheater", "Speelhuis",
)  # fmt: skip
_HOUSE_NAMES = (
    "De Lantaarn", "De Kaap", "De Overzij", "Het Pakhuis", "De Zilverreiger", "De Wissel", "De Trapgevel", "Het Baken",
    "De Kantelaar", "De Vuurplaats", "De Zeeleeuw", "Het Hof", "De Klinker", "De Windroos", "De Loods", "Het Veerhuis",
    "De Glasfabriek", "De Spoordijk", "Het Kruispunt", "De Linde", "De Stroming", "De Muze van Zuid", "De Halte",
    "Het Tolhuis",
)  # fmt: skip
_FESTIVALS = ("Festival Zomerzout", "Festival Nachtkaars", "Straatfestival Omloop", "Festival Binnenwater")
_PLACE_HEADS = (
    "Wester", "Zuider", "Water", "Duin", "Heide", "Molen", "Elzen", "Berken", "Vaart", "Polder", "Hazel", "Kraan",
    "Zilver", "Linden", "Vossen", "Reiger", "Wilgen", "Steen", "Brugge", "Haver", "Kolk", "Zwaan", "Ganzen", "Riet",
)  # fmt: skip
_PLACE_TAILS = ("horn", "zijl", "marke", "vliet", "stede", "hoven", "drecht", "lande", "wolde", "koog")
_STREETS = (
    "Kadeplein",
    "Havenweg",
    "Marktstraat",
    "Lindelaan",
    "Sluiskade",
    "Stationsplein",
    "Parksingel",
    "Torenstraat",
)
AGENCY = "Impresariaat Lantaarnhof"
OWN_PRODUCERS = {
    123: "Toneelgroep De Zwaluwstaart",
    124: "Stichting Muziektheater Het Zoutvat",
    125: 'Producties "Nachtegaal & Zn."',
    201: "Stichting Toneelwerf Noorderzijl",
}
_PRODUCER_KINDS = (
    "Stichting",
    "Theaterproducties",
    "Toneelgroep",
    "Muziekgezelschap",
    "Dansgroep",
    "Theatercollectief",
)
_PRODUCER_NAMES = (
    "De Vuurvlieg", "Het Papieren Paard", "Kromhout & Ketel", "De Stille Straat", "Zevenslaper", "Het Blauwe Uur",
    "De Kermisklok", "Losse Planken", "Noordoost", "Het Derde Gordijn", "De Ganzenveer", "Maanvis",
)  # fmt: skip
LONG_TITLE = (
    "De bijzonder lange en nogal omslachtige geschiedenis van de lantaarnopsteker van Westerhorn, "
    "zijn zeven dochters en een verdwenen zak zout"
)
AWKWARD_TITLES = (
    LONG_TITLE.ljust(140, "!"),
    "Ik <b>ben</b> er nog",
    "=Som van ons (reprise)",
    "Ça va, Zoë? – één çédille te veel",
    '\'s Nachts & overdag; "een" tweeluik',
)
_TITLES = (
    "Het Zoutmeisje", "De Laatste Veerman", "Vader wil vliegen", "Tussen twee treinen", "Een kamer vol water",
    "De Man van Karton", "Nachtboot", "Kleine Koning Kwik", "Wie heeft het licht aangelaten", "Dansen op de dijk",
    "Het Huis zonder Trap", "Mevrouw Ooievaar gaat verhuizen", "Zeven zomers", "Onder de klok", "De Kwartjesdief",
    "Lieve buren", "Stilstand", "Het Grote Regenboek", "Morgen is er weer soep", "De Zus van de Bakker", "Halfweg",
    "Brieven aan niemand", "De Ballonvaarder", "Winter in de wei",
)  # fmt: skip
_TITLE_TAILS = (
    "",
    " (reprise)",
    " – het concert",
    " deel 2",
    " voor beginners",
    ": de familievoorstelling",
    " op reis",
)
REMARKS = (
    "Speelduur 90 minuten zonder pauze.",
    "Speelduur 2 x 50 minuten met pauze. Laden en lossen via de achterzijde.",
    "Voorstelling is geschikt voor schoolgroepen; docenten gratis.",
    "Prijzen inclusief btw. Korting CJP en 65+ in overleg.",
    "Techniek een dag vooraf.\nDrie personen van het theater, twee van de producent.",
    "Meet & greet na afloop <in de foyer>; geen toeslag op het pauzedrankje.",
)
REASONS = (
    "Garantie is te hoog voor onze zaal.",
    "Aanvangstijd graag 20:00 uur.",
    "Partage graag 75/25.",
    "Servicekosten kloppen niet met onze toeslagen.",
)
MAILBOXES = (
    ("Afdeling programmering", "programmering"),
    ("Kassa", "kassa"),
    ("Planning en productie", "planning"),
)


def place(rng: Random) -> str:
    return rng.choice(_PLACE_HEADS) + rng.choice(_PLACE_TAILS)


def street(rng: Random) -> str:
    return rng.choice(_STREETS)


def zipcode(rng: Random) -> str:
    letters = "ABCDEGHJKLMNPRSTVWXZ"
    return f"{rng.randint(1000, 9999)} {rng.choice(letters)}{rng.choice(letters)}"


def house(rng: Random, place_name: str) -> str:
    return f"{rng.choice(_HOUSES)} {rng.choice(_HOUSE_NAMES)} {place_name}"


def festival(rng: Random, place_name: str) -> str:
    return f"{rng.choice(_FESTIVALS)} {place_name}"


def producer(index: int) -> str:
    kind = _PRODUCER_KINDS[index % len(_PRODUCER_KINDS)]
    name = _PRODUCER_NAMES[(index // len(_PRODUCER_KINDS) + index) % len(_PRODUCER_NAMES)]
    round_number = index // (len(_PRODUCER_KINDS) * len(_PRODUCER_NAMES))
    return f"{kind} {name}" + (f" {round_number + 1}" if round_number else "")


def title(index: int) -> str:
    """The awkward titles come first, so that every world with productions has them."""
    if index < 2 * len(AWKWARD_TITLES):
        return AWKWARD_TITLES[index // 2] if index % 2 else _TITLES[index // 2]
    index -= len(AWKWARD_TITLES)
    return _TITLES[index % len(_TITLES)] + _TITLE_TAILS[(index // len(_TITLES)) % len(_TITLE_TAILS)]


def domain(name: str) -> str:
    """A mail domain that can exist nowhere."""
    plain = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
    return f"{plain[:30]}.example"
