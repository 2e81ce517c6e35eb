"""Rule 11 by random histories: equal stamps, late commits, clock skew; the mirror equals the remote. And the price:
the number of statements does not grow with the number of records."""

import datetime as dt
import re
from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection
from dipportal.dip.values import parse_moment, stamp
from dipportal.journal.models import Entry
from tests.dip.pulling import FakeDip, Statements, pulled
from tests.world import World


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


# --- random histories ----------------------------------------------------------------------------------------------
STEPS = st.lists(
    st.one_of(
        # What happens, to which of the records, how far the clock goes on, how late it can be seen (minutes).
        st.tuples(
            st.sampled_from(["create", "change", "propose", "approve", "reject", "supersede", "revise"]),
            st.integers(0, 5),
            st.sampled_from([0, 0, 1, 30]),
            st.sampled_from([0, 0, 0, 20, 140]),
        ),
        st.just(("pull", 0, 0, 0)),
    ),
    max_size=25,
)


class Remote:
    """DIP with a clock of its own; a change carries the stamp of its begin and shows when it is committed."""

    def __init__(self, fake: FakeDip, skew: int) -> None:
        self.fake = fake
        self.now = timezone.now() - dt.timedelta(days=2)
        self.skew = dt.timedelta(minutes=skew)
        self.truth: dict[int, dict[str, Any]] = {}
        self.late: list[tuple[dt.datetime, dict[str, Any]]] = []
        self.next = 100

    def do(self, what: str, which: int, minutes: int, late: int) -> None:
        self.now += dt.timedelta(minutes=minutes)
        if what == "create":
            self._create(0, late)
            return
        if not self.truth:
            return
        raw = self.truth[sorted(self.truth)[which % len(self.truth)]]
        moves = {"propose": ("concept", "proposed"), "approve": ("proposed", "approved")}
        moves |= {"reject": ("proposed", "rejected"), "supersede": ("approved", "revised")}
        if what == "change" and raw["status"] == "concept":
            raw["properties"] = {**raw["properties"], "theater_fee": raw["properties"]["theater_fee"] + 25}
            self._commit(raw, late)
        elif what == "revise" and raw["status"] == "approved" and not raw["parentId"]:
            raw["childIds"] = [*raw["childIds"], self._create(raw["id"], late)]
            self._commit(raw, late)
        elif what in moves and raw["status"] == moves[what][0]:
            raw["status"] = moves[what][1]
            self._commit(raw, late)

    def _create(self, parent: int, late: int) -> int:
        self.next += 1
        raw = self.fake.contract(self.next, parentId=parent)
        self.fake.contracts.remove(raw)
        self.truth[self.next] = raw
        self._commit(raw, late)
        return self.next

    def _commit(self, raw: dict[str, Any], late: int) -> None:
        raw["modified"] = stamp(self.now + self.skew)
        self.late.append((self.now + dt.timedelta(minutes=late), {**raw}))

    def show(self) -> None:
        """What is committed by now can be read; the newest of each record counts."""
        due = [one for moment, one in self.late if moment <= self.now]
        self.late = [(moment, one) for moment, one in self.late if moment > self.now]
        shown = {one["id"]: one for one in self.fake.contracts}
        for one in due:
            if one["id"] not in shown or parse_moment(one["modified"]) >= parse_moment(shown[one["id"]]["modified"]):
                shown[one["id"]] = one
        self.fake.contracts = list(shown.values())


@pytest.fixture
def undone() -> Any:
    """A transaction for each example, undone at its end."""

    class Undone:
        def __enter__(self) -> None:
            self.block = transaction.atomic()
            self.block.__enter__()

        def __exit__(self, *error: Any) -> None:
            transaction.set_rollback(True)
            self.block.__exit__(*error)

    return Undone


# Committed after a later one was seen; at one moment, before and after a pull.
LATE = [("create", 0, 0, 140), ("create", 0, 30, 0), ("pull", 0, 0, 0)]
EQUAL = [("create", 0, 0, 0), ("pull", 0, 0, 0), ("create", 0, 0, 0), ("change", 0, 0, 0)]


@example(steps=LATE, skew=0)
@example(steps=EQUAL, skew=0)
@given(steps=STEPS, skew=st.sampled_from([-120, 0, 45]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_mirror_equals_the_remote_after_one_cycle(
    noord: Connection, fake: FakeDip, undone: Any, steps: list[Any], skew: int
) -> None:
    fake.contracts.clear()
    with undone():
        remote = Remote(fake, skew)
        for what, which, minutes, late in steps:
            if what == "pull":
                remote.show()
                pulled(noord, "contracts")
            else:
                remote.do(what, which, minutes, late)
        # What was committed late shows within the overlap; then one pull of changes must be enough.
        remote.now += dt.timedelta(minutes=140)
        remote.show()
        pulled(noord, "contracts")
        compare(remote)
        pulled(noord, "contracts-full")
        compare(remote)


def compare(remote: Remote) -> None:
    here = {row.dip_id: row for row in Contract.objects.all()}
    assert set(here) == set(remote.truth)
    for number, raw in remote.truth.items():
        row = here[number]
        assert row.status == raw["status"], number
        assert row.theater_surcharge == raw["properties"]["theater_fee"], number
        assert row.conflict_at is None
        root = here[raw["parentId"]] if raw["parentId"] else row
        assert row.root_id == root.pk
        assert (row.parent_id is None) == (not raw["parentId"])
    for code in ("contract.approved", "contract.rejected", "contract.proposed"):
        targets = Counter(Entry.objects.filter(code=code).values_list("target_id", flat=True))
        assert not targets or max(targets.values()) == 1, code


# --- the number of statements --------------------------------------------------------------------------------------
def shapes(seen: Statements) -> Counter[str]:
    """Statements without their values; a write counts once however many chunks it takes."""
    found: Counter[str] = Counter()
    for one in seen.captured_queries:
        if "SAVEPOINT" in one["sql"]:
            continue
        sql = re.sub(r"IN \([^()]*\)", "IN (…)", one["sql"])
        if sql.startswith(("INSERT", "UPDATE")):
            found[" ".join(sql.split()[:4])] = 1
        else:
            found[re.sub(r"'[^']*'|\b\d+\b", "…", sql.split(" WHERE ")[0])] += 1
    return found


@pytest.mark.parametrize("kind", ["contracts", "catalogue"])
def test_the_number_of_statements_does_not_grow(world: World, noord: Connection, fake: FakeDip, kind: str) -> None:
    counted = {}
    for size in (10, 200):
        with transaction.atomic():
            fill(fake, world, size)
            with Statements() as first:
                pulled(noord, kind)
            with Statements() as again:
                pulled(noord, kind)
            alter(fake, world)
            with Statements() as changed:
                pulled(noord, kind)
            counted[size] = [shapes(one) for one in (first, again, changed)]
            assert again.writes == []
            transaction.set_rollback(True)
    for few, many in zip(counted[10], counted[200], strict=True):
        assert few - many == Counter()
        assert many - few == Counter()


def fill(fake: FakeDip, world: World, size: int) -> None:
    from tests.dip.pulling import golden

    fake.contracts = []
    production, play = golden("productions")[0], golden("performances")[0]
    fake.productions[123] = [{**production, "id": "NL-26-123-00001", "title": "Lang"}]
    of_it = {"id": "NL-26-123-00001", "title": "Lang"}
    fake.performances["NL-26-123-00001"] = [
        {**play, "id": 40000000 + number, "number": 40000000 + number, "production": of_it} for number in range(size)
    ]
    for number in range(1, size + 1):
        fake.contract(number, childIds=[number + 1] if number % 2 else [], parentId=0 if number % 2 else number - 1)


def alter(fake: FakeDip, world: World) -> None:
    """Every concept and every performance changes in DIP."""
    for raw in fake.contracts:
        raw["properties"] = {**raw["properties"], "theater_fee": 999}
        raw["modified"] = stamp(timezone.now())
    for plays in fake.performances.values():
        for play in plays:
            play["amount_rank1"] = 77


def test_a_pull_of_thousands_is_quick(world: World, noord: Connection, fake: FakeDip) -> None:
    """2,000 agreements at first sight and once more: seconds, not minutes."""
    fill(fake, world, 2000)
    started = timezone.now()
    run = pull.run(noord, "contracts")
    assert run.counts["new"] == 2000
    pulled(noord, "contracts-full")
    assert timezone.now() - started < dt.timedelta(seconds=60)
