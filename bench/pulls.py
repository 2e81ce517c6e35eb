"""The pull at volume: 4,217 agreements in 9.4 MB (see _payload.py), on PostgreSQL.

The floor of a pull that writes: the payload parsed, and the very rows that the pull wrote (taken from its tables, so
nothing has to be worked out) put into temporary tables by COPY and merged into the same tables, with their indexes and
constraints: agreements, their performances, the remembered records with their digests, and journal lines where the
pull wrote some. The floor of a pull that finds nothing: the payload parsed, and one query for the digests.

Whatever is divided was measured in turns in this run, and the best of the turns counts: other work on the machine only
adds. A pull is `pull.run` from its first to its last statement; the answer comes from memory. Statements are counted
but for transaction marks and the two tables in which a run keeps its own books. The one per cent and the full rewrite
change the contact at the theater; an answer given in DIP is an action of its own, with its mails.
"""

from collections.abc import Callable
from typing import Any

import orjson
from django.db import connection as database
from django.db import transaction

from bench import _house, _memory, _payload, _sides
from bench.common import Ratio, say, seconds
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection, RemoteRecord

TURNS = 5
SAMPLE = 200
FULL = "contracts-full"


def run() -> list[Ratio]:
    dip = _house.Dip()
    with_memory = pull.Client
    pull.Client = dip  # type: ignore[misc, assignment]
    connection = _house.provider()
    _house.catalogue(dip)
    say("the catalogue")
    _house.pulled(connection, "reference", "catalogue")
    bench = Bench(connection, dip)
    ratios = [*bench.first(), *bench.rewrite(), *bench.unchanged()]
    pull.Client = with_memory  # type: ignore[misc]
    say("memory")
    ratios += _memory.ratios()
    say("calls side by side")
    return [*ratios, *_sides.ratios()]


class Bench:
    def __init__(self, connection: Connection, dip: _house.Dip) -> None:
        self.connection, self.dip = connection, dip
        self.one, self.other = (_payload.changed(1, text=f"{name}@kade.example") for name in ("ene", "andere"))
        self.serve(_payload.body())
        # What a process imports and works out once is no part of any turn.
        self.pull()
        self.forget()

    def serve(self, body: bytes) -> None:
        self.dip.answers["/contracts"] = body
        self.body = body

    def pull(self) -> None:
        _house.pulled(self.connection, FULL)

    def forget(self) -> None:
        _house.empty(_house.TABLES)
        Connection.objects.update(contracts_watermark="")

    def turns(self, before: Callable[[], None], *works: Callable[[], None]) -> list[float]:
        """The best seconds of each, taken in turns; `before` each of them, unmeasured."""
        found: list[list[float]] = [[] for _work in works]
        for _turn in range(TURNS):
            for index, work in enumerate(works):
                before()
                found[index].append(seconds(work))
        return [min(times) for times in found]

    # --- everything is new, everything is different
    def first(self) -> list[Ratio]:
        say("the first pull")
        with _house.Statements() as statements:
            self.pull()
        rows = rows_of(_house.TABLES)
        pulled, floor = self.turns(self.forget, self.pull, lambda: merged(self.body, rows))
        self.forget()
        slow = row_by_row(contract_rows(self.pull), self.forget)
        return [
            Ratio("first pull / floor", pulled / floor, 2, note=_times(pulled, floor)),
            Ratio("row by row / first pull", slow / pulled, 20, least=True, note=_times(slow, pulled)),
            self._statements("first pull", statements),
        ]

    def rewrite(self) -> list[Ratio]:
        say("the full rewrite")
        self.forget()
        self.serve(self.one)
        self.pull()
        self.serve(self.other)
        with _house.Statements() as statements:
            self.pull()
        rows = rows_of(_house.TABLES)

        def before() -> None:
            self.serve(self.one if self.body is self.other else self.other)
            _house.empty(["journal_entry"])

        pulled, floor = self.turns(before, self.pull, lambda: merged(self.body, rows))
        slow = row_by_row(contract_rows(lambda: None), lambda: None)
        return [
            Ratio("full rewrite / floor", pulled / floor, 2, note=_times(pulled, floor)),
            Ratio("row by row / full rewrite", slow / pulled, 20, least=True, note=_times(slow, pulled)),
            self._statements("full rewrite", statements),
        ]

    def _statements(self, what: str, statements: _house.Statements) -> Ratio:
        allowed = 6 + -(-_payload.COUNT // 1000)
        note = f"statements / (6 + 1 per 1,000 rows); {len(statements.writes)} of them write"
        return Ratio(f"statements of the {what}", len(statements.of_rows) / allowed, 1, note=note)

    # --- nothing is different, or little
    def unchanged(self) -> list[Ratio]:
        say("the unchanged pull, and 1 % changed")
        self.forget()
        self.serve(_payload.body())
        self.pull()
        with _house.Statements() as nothing:
            self.pull()
        few = [_payload.changed(100, text=f"{name}@kade.example") for name in ("derde", "vierde")]
        self.serve(few[0])
        self.pull()
        before = versions()
        self.serve(few[1])
        with _house.Statements() as little:
            self.pull()
        touched = {table: changed_rows(before[table], after) for table, after in versions().items()}
        expected = -(-_payload.COUNT // 100)
        needless = sum(max(0, count - expected) for count in touched.values())

        def turn() -> None:
            self.serve(few[self.body is few[0]])

        pulled, floor, same = self.turns(lambda: None, self.pull, self.floor_of_nothing, self.pull)
        changed, _again = self.turns(turn, self.pull, lambda: None)
        pulled = min(pulled, same)
        return [
            Ratio("unchanged pull / floor", pulled / floor, 2, note=_times(pulled, floor)),
            Ratio("writes of the unchanged pull", len(nothing.writes), 0),
            Ratio("1 % changed / unchanged", changed / pulled, 1.4, note=_times(changed, pulled)),
            Ratio("statements of 1 % changed", len(little.of_rows), 12, note=f"{len(little.writes)} of them write"),
            Ratio("rows written that did not change", needless, 0, note=f"written: {touched}"),
        ]

    def floor_of_nothing(self) -> None:
        orjson.loads(self.body)
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT remote_id, digest FROM dip_remoterecord WHERE organisation_id = %s AND kind = 'contract'",
                [self.connection.organisation_id],
            )
            dict(cursor.fetchall())


def _times(one: float, other: float) -> str:
    return f"{one:.2f} s / {other:.2f} s"


# --- the floor -------------------------------------------------------------------------------------------------
def rows_of(tables: tuple[str, ...]) -> dict[str, bytes]:
    """All rows of these, as COPY takes them."""
    found = {}
    with database.cursor() as cursor:
        for table in tables:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                found[table] = b"".join(bytes(part) for part in copy)
    return found


def merged(body: bytes, rows: dict[str, bytes]) -> None:
    """Parse, COPY, merge: all that a pull cannot do without."""
    parsed = orjson.loads(body)
    with transaction.atomic(), database.cursor() as cursor:
        for table, data in rows.items():
            if not data:
                continue
            cursor.execute(f"CREATE TEMPORARY TABLE stage (LIKE {table}) ON COMMIT DROP")
            with cursor.copy("COPY stage FROM STDIN") as copy:
                copy.write(data)
            cursor.execute(f"INSERT INTO {table} SELECT * FROM stage ON CONFLICT (id) DO {_overwritten(table)}")
            cursor.execute("DROP TABLE stage")
    del parsed


def _overwritten(table: str) -> str:
    if table == "contracts_contract_performances":
        return "NOTHING"
    with database.cursor() as cursor:
        found = database.introspection.get_table_description(cursor, table)
    return "UPDATE SET " + ", ".join(f'"{one.name}" = EXCLUDED."{one.name}"' for one in found if one.name != "id")


# --- row by row ------------------------------------------------------------------------------------------------
Row = tuple[dict[str, Any], list[int], dict[str, Any]]


def contract_rows(pulled: Callable[[], None]) -> list[Row]:
    """Some agreements with their performances and remembered records, as they stand once pulled."""
    pulled()
    records = {row["remote_id"]: row for row in RemoteRecord.objects.filter(kind="contract").values()}
    found = []
    for contract in Contract.objects.order_by("pk")[:SAMPLE]:
        values = {field.attname: getattr(contract, field.attname) for field in contract._meta.concrete_fields}
        values.update(root_id=None, parent_id=None, revises_id=None)
        plays = list(contract.performances.values_list("pk", flat=True))
        found.append((values, plays, records[str(contract.dip_id)]))
    return found


def row_by_row(rows: list[Row], before: Callable[[], None]) -> float:
    """Seconds for all agreements the usual way, in one transaction and with the values at hand; measured on some."""
    before()

    def work() -> None:
        with transaction.atomic():
            for values, plays, record in rows:
                rest = {name: value for name, value in values.items() if name not in ("id", "provider_id", "dip_id")}
                contract, _new = Contract.objects.update_or_create(
                    provider_id=values["provider_id"], dip_id=values["dip_id"], defaults=rest
                )
                contract.performances.set(plays)
                key = {name: record[name] for name in ("organisation_id", "kind", "remote_id")}
                rest = {name: value for name, value in record.items() if name not in ("id", *key)}
                RemoteRecord.objects.update_or_create(**key, defaults=rest)

    return seconds(work) / len(rows) * _payload.COUNT


# --- what was written ------------------------------------------------------------------------------------------
def versions() -> dict[str, dict[int, str]]:
    """By table and row: where its present version stands. A row that was written stands elsewhere."""
    found: dict[str, dict[int, str]] = {}
    with database.cursor() as cursor:
        for table in ("contracts_contract", "contracts_contract_performances", "dip_remoterecord"):
            cursor.execute(f"SELECT id, ctid::text FROM {table}")
            found[table] = dict(cursor.fetchall())
    return found


def changed_rows(before: dict[int, str], after: dict[int, str]) -> int:
    return sum(before.get(pk) != place for pk, place in after.items())
