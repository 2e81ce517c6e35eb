"""Tables filled to a volume: people, theaters, and so many productions with their performances and agreements.

Of every production: 30 evenings in 15 theaters, and 10 agreements of two evenings each, of which one is a second
version; ten evenings have no agreement. At `times=1` that is 100 productions, 3,000 performances and 1,000 agreements,
all of one provider; a receiver runs thirty of the 300 theaters, so that its lists fill a page at `times=1` too. The
rows are made by the database out of one that the ORM wrote.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts.models import Batch, BatchRow, Contract
from dipportal.dip.models import Connection, SyncRun
from dipportal.journal.models import Entry
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User

THEATERS, OWN_THEATERS, MEMBERS = 300, 30, 50
PRODUCTIONS, EVENINGS, AGREEMENTS, BATCHES, RUNS = 100, 30, 10, 60, 60
SEASON = "CASE WHEN {p} % 3 = 0 THEN '2025-2026' WHEN {p} % 3 = 1 THEN '2026-2027' ELSE '2027-2028' END"


@dataclass(frozen=True)
class Volume:
    provider: Organisation
    receiver: Organisation
    planner: User
    programmer: User


def people() -> Volume:
    """Two organisations with 50 members each, and the reference data."""
    provider = Organisation.objects.create(slug="noord", name="Impresariaat Noord", kind=Side.PROVIDER, four_eyes=False)
    receiver = Organisation.objects.create(slug="de-kade", name="Schouwburg De Kade", kind=Side.RECEIVER)
    for organisation in (provider, receiver):
        for number in range(MEMBERS):
            user = User.objects.create(email=f"lid{number}@{organisation.slug}.example", name=f"Lid Nummer {number}")
            Membership.objects.create(user=user, organisation=organisation, role=list(Role)[number % 3])
    _reference(provider, receiver)
    first = {one.slug: one.memberships.filter(role=Role.EDITOR).order_by("pk")[0].user for one in (provider, receiver)}
    return Volume(provider, receiver, first["noord"], first["de-kade"])


def _reference(provider: Organisation, receiver: Organisation) -> None:
    Genre.objects.bulk_create(Genre(id=n, name=f"Genre {n}") for n in range(1, 21))
    for number in range(1, 6):
        Producer.objects.create(id=100 + number, name=f"Producent {number}").providers.add(provider)
    Theater.objects.bulk_create(
        Theater(
            id=n, name=f"Schouwburg De Zaak {n}", city=f"Voorbeeldstad {n % 60}", province=f"Provincie {n % 12}",
            dip_member=n % 10 > 0, receiver=receiver if n <= OWN_THEATERS else None,
        )
        for n in range(1, THEATERS + 1)
    )  # fmt: skip
    Hall.objects.bulk_create(
        Hall(id=n * 10 + hall, name=name, theater_id=n)
        for n in range(1, THEATERS + 1)
        for hall, name in ((1, "Grote zaal"), (2, "Kleine zaal"))
    )


def fill(volume: Volume, times: int, *, have: int = 0) -> None:
    """From `have` to `times` times the rows, then let the database count them."""
    span = {"low": have * PRODUCTIONS + 1, "high": times * PRODUCTIONS}
    if not have:
        _seeds(volume)
    _productions(span)
    _performances(span)
    _contracts(span)
    _others(have, times)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _seeds(volume: Volume) -> None:
    """One row of each table, with a number below those of the copies; they stand in no list that is measured."""
    rival = Organisation.objects.create(slug="zuid", name="Impresariaat Zuid", kind=Side.PROVIDER)
    producer = Producer.objects.create(id=999, name="Producent Zuid")
    producer.providers.add(rival)
    now = timezone.now()
    production = Production.objects.create(id=0, title="Zaad", producer=producer, genre_id=1)
    Performance.objects.create(id=0, production=production, theater_id=THEATERS, starts_at=now, capacity=[500, 120])
    Contract.objects.create(
        id=0, provider=rival, theater_id=THEATERS, production=production, producer=producer, type="partage",
        provider_share=80, provider_guarantee=650000, receiver_guarantee=0, entrance_prices=[2800, 2400],
        settlement_prices=[2600, 2200], remarks="Speelduur 90 minuten zonder pauze. " * 8,
        contact_receiver="programmering@kade.example", proposed_at=now, proposed_by=volume.planner,
    )  # fmt: skip
    batch = Batch.objects.create(id=0, provider=rival, kind="create", made_by=volume.planner, token="zaad")
    BatchRow.objects.create(id=0, batch=batch, position=0, state="done", code="created")
    link = Connection.objects.create(organisation=volume.provider, client_id="x")
    SyncRun.objects.create(
        id=0, connection=link, organisation=rival, kind="contracts", state="good",
        counts={"seen": 4217, "new": 3, "changed": 12}, finished_at=now + dt.timedelta(seconds=41),
    )  # fmt: skip
    Entry(
        id=0, at=now, code="performance.moved", audience="both", actor_kind="user", user=volume.planner, who="Lid",
        organisation=rival, target_kind="catalogue.performance", target_id="0",
        fields={"starts_at": [now.isoformat(), now.isoformat()]},
    ).save(force_insert=True)  # fmt: skip


def _copies(model: Any, rows: str, **columns: str) -> None:
    """Insert one copy of row 0 per row of the FROM clause `rows`, with these columns as SQL."""
    names = [field.column for field in model._meta.concrete_fields if not field.generated]
    values = ", ".join(columns.get(name, f'zaad."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({quoted}) SELECT {values} FROM {table} zaad, {rows} WHERE zaad.id = 0")


def _productions(span: dict[str, int]) -> None:
    _copies(
        Production, "generate_series({low}, {high}) p".format(**span),
        id="p", dip_id="'NL-26-' || (101 + p % 5) || '-' || lpad(p::text, 7, '0')",
        title="(ARRAY['De storm', 'Het licht', 'Een avond met', 'Drie zusters', 'Op weg naar'])[1 + p % 5]"
        " || ' van stuk ' || p",
        season=SEASON.format(p="p"), genre_id="1 + p % 20", producer_id="101 + p % 5",
    )  # fmt: skip


def _performances(span: dict[str, int]) -> None:
    theater = "1 + (p * 11 + k / 2) % 300"
    _copies(
        Performance, "generate_series({low}, {high}) p, generate_series(0, 29) k".format(**span),
        id="p * 30 + k", number="11000000 + p * 30 + k", production_id="p", theater_id=theater,
        hall_id=f"({theater}) * 10 + 1 + k % 2",
        starts_at="date_trunc('day', now()) + make_interval(days => (p * 37 + k * 3) % 700 - 350, hours => 20)",
    )  # fmt: skip


def _contracts(span: dict[str, int]) -> None:
    status = (
        "(ARRAY['concept','proposed','proposed','rejected','proposed','approved','approved','approved','rejected',"
        "'proposed'])[i + 1]"
    )
    made = "now() - make_interval(mins => 3 * (150000 - p * 10 - i) % 400000)"
    provider = Organisation.objects.get(slug="noord").pk
    _copies(
        Contract, "generate_series({low}, {high}) p, generate_series(0, 9) i".format(**span),
        id="p * 10 + i", reference="'AF-' || (p * 10 + i)", dip_id="CASE WHEN i = 0 THEN NULL ELSE p * 10 + i END",
        provider_id=str(provider), theater_id="1 + (p * 11 + i) % 300", production_id="p", producer_id="101 + p % 5",
        first_at="date_trunc('day', now()) + make_interval(days => (p * 37 + i * 6) % 700 - 350, hours => 20)",
        status=status, side="CASE WHEN i = 9 THEN 'receiver' ELSE 'provider' END",
        parent_id="CASE WHEN i = 4 THEN p * 10 + 3 END", root_id="CASE WHEN i = 4 THEN p * 10 + 3 END",
        number="CASE WHEN i = 4 THEN 2 ELSE 1 END", created_at=made, proposed_at=f"CASE WHEN i > 0 THEN {made} END",
        answered_at=f"CASE WHEN i IN (3, 5, 6, 7, 8) THEN {made} END",
        answer_source="CASE WHEN i IN (3, 5, 6, 7, 8) THEN 'portal' ELSE '' END",
        answer_by="CASE WHEN i IN (1, 2) THEN current_date + (p % 20)::int - 5 END",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contracts_contract_performances (contract_id, performance_id)"
            " SELECT p * 10 + i, p * 30 + 2 * i + e FROM generate_series(%(low)s, %(high)s) p,"
            " generate_series(0, 9) i, generate_series(0, 1) e",
            span,
        )


def _others(have: int, times: int) -> None:
    provider = str(Organisation.objects.get(slug="noord").pk)
    batches = f"generate_series({have * BATCHES + 1}, {times * BATCHES}) b"
    _copies(Batch, batches, id="b", provider_id=provider, token="'t' || b")
    _copies(BatchRow, f"{batches}, generate_series(1, 20) r", id="b * 20 + r", batch_id="b", position="r")
    runs = f"generate_series({have * RUNS + 1}, {times * RUNS}) r"
    started = "now() - make_interval(mins => 5 * r::int)"
    _copies(SyncRun, runs, id="r", organisation_id=provider, started_at=started, finished_at=f"{started} + '41 s'")
    moved = f"generate_series({have * PRODUCTIONS + 1}, {times * PRODUCTIONS}) p, generate_series(0, 2) k"
    _copies(
        Entry, moved, id="p * 3 + k", at="now() - make_interval(hours => (p * 7 % 2000)::int)",
        organisation_id=provider, target_id="(p * 30 + k)::text",
    )  # fmt: skip
