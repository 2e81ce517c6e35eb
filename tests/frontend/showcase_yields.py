"""What the components about money and counts take: an ordinary agreement, and one with long names and large amounts."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tests.frontend.showcase import AT, LONG

MUCH, LITTLE = Decimal("123456789.01"), Decimal("-306.42")


def part(tickets: Decimal, fixed: Decimal = Decimal(0)) -> SimpleNamespace:
    return SimpleNamespace(tickets=tickets, fixed=fixed, together=tickets + fixed)


def sums(tickets: int = 370, *, fixed: Decimal = Decimal(0)) -> SimpleNamespace:
    return SimpleNamespace(
        tickets=tickets, box_office=10**9, provider=part(MUCH, fixed), receiver=part(LITTLE, -fixed), estimate=True
    )


COUNT = SimpleNamespace(tickets=370, revenue_cents=10**9, counted_at=AT, get_source_display=LONG)
PLAYED = SimpleNamespace(
    performance=SimpleNamespace(starts_at=AT),
    count=COUNT,
    counts=True,
    sources=[COUNT, SimpleNamespace(tickets=1, revenue_cents=0, counted_at=AT, get_source_display="DIP")],
    out=SimpleNamespace(label=LONG),
    doubts=[SimpleNamespace(sentence=LONG)],
)
EVENINGS = [
    SimpleNamespace(played=PLAYED, net=SimpleNamespace(box_office=MUCH, net=MUCH), provider=MUCH, receiver=LITTLE),
    SimpleNamespace(played=PLAYED, net=None, provider=None, receiver=None),
]
PACE = SimpleNamespace(low=sums(1), expected=sums(), high=sums(100_000))


def yielded(**changes: Any) -> SimpleNamespace:
    plain = {
        "final": False, "playing": [PLAYED] * 3, "counted": [PLAYED] * 2, "estimate": True, "so_far": sums(fixed=MUCH),
        "tickets": 100_000, "base": LONG, "fixed_label": LONG, "nothing": "", "agreed": [(LONG, 10**9), ("Huur", 1)],
        "reason": "", "pace": PACE, "unforeseen": 0, "left_out": [PLAYED], "disagreeing": [PLAYED], "doubted": [PLAYED],
        "evenings": EVENINGS, "not_divided": "",
    }  # fmt: skip
    return SimpleNamespace(**plain | changes)


def sheet(**changes: Any) -> SimpleNamespace:
    counted = SimpleNamespace(
        when="do 12 mrt 2026, 20:15", hall=LONG, note=LONG, by_kind=[("Normaal", 240), (LONG, None)], tickets=370,
        paid=None, revenue=10**9, counted_at=AT, source=LONG,
    )  # fmt: skip
    line = SimpleNamespace(code="net", label=LONG, words=LONG, rule="F3", amount=MUCH, estimate=True, strong=True)
    plain = {
        "final": False, "state": "voorlopig", "explanation": LONG,
        "notices": [SimpleNamespace(title=LONG, lines=[LONG])],
        "facts": [("Productie", LONG)], "parties": [[["Aanbieder", LONG]], [["Afnemer", "a@kade.example"]]],
        "kinds": ["Normaal", LONG], "counted": [counted], "told": [], "yielded": yielded(), "agreed": [(LONG, 10**9)],
        "lines": [line], "nothing": "", "base": LONG, "evenings": EVENINGS, "not_divided": LONG,
    }  # fmt: skip
    return SimpleNamespace(**plain | changes)


# By component, as CASES in test_components.py.
YIELDS: dict[str, list[dict[str, Any]]] = {
    "yield_pace": [{"pace": PACE, "own": "provider"}],
    "yield_pace_row": [{"label": LONG, "sums": sums(1), "own": "receiver"}],
    "yield_parts": [
        {"sums": sums(fixed=fixed), "yielded": yielded(final=final), "own": "provider", "caption": LONG}
        for fixed, final in ((MUCH, False), (Decimal(0), True))
    ],
    "yield_evenings": [{"evenings": EVENINGS}, {"evenings": EVENINGS, "not_divided": LONG}, {"evenings": []}],
    "yield_counted": [
        {"yielded": yielded(), "own": "provider", "sheet_url": "/borderel/"},
        {"yielded": yielded(final=True, left_out=[], disagreeing=[]), "own": "receiver", "sheet_url": "/borderel/"},
        {"yielded": yielded(so_far=None, nothing=LONG, pace=None, unforeseen=2), "own": "", "sheet_url": "/borderel/"},
    ],
    "sources_disagree": [{"played": PLAYED}],
    "settlement_sheet": [
        {"sheet": sheet(), "pdf_url": "/pdf/", "xlsx_url": "/xlsx/"},
        {"sheet": sheet(final=True, lines=[], nothing=LONG, evenings=[], notices=[], agreed=[]), "pdf_url": "/"},
    ],
}
