"""What an agreement yields: the base cases of the rules F1 to F13, to the cent, and what is refused or marked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils.functional import Promise

from dipportal.contracts import settlement_rules as rule
from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement import (
    LABELS,
    BreakEven,
    Evening,
    Rates,
    Settlement,
    SettlementError,
    Terms,
    Tranche,
    break_even,
    evening_of,
    preview,
    settle,
    terms_from,
)
from dipportal.contracts.terms import OPEN_END

D = Decimal
# 240 normal at 27.50, 60 discount at 23.50, 10 free.
BASE = evening_of([240, 60, 10], [2750, 2350, 0], 250)
COMMON: dict[str, Any] = {"copyright_percentage": D("12.0000"), "copyright_part_added": True, "theater_surcharge": 250}
SLICES = [
    {"amount": 300_000, "percentage": "100.00"},
    {"amount": 600_000, "percentage": "60.00"},
    {"amount": OPEN_END, "percentage": "80.00"},
]


def partage(**more: Any) -> Terms:
    return terms_from("partage", {**COMMON, "provider_share": D("80.0000"), **more})


def volume(**more: Any) -> Terms:
    return terms_from("volume", {**COMMON, "tranches": SLICES, **more})


def suppletion(**more: Any) -> Terms:
    own = {"provider_share": D(75), "suppletion_amount": 200_000, "suppletion_guarantee": 450_000}
    return terms_from("suppletion", {**COMMON, **own, **more})


def buyout(**more: Any) -> Terms:
    return terms_from("buyout", {**COMMON, "buyout_amount": 450_000, **more})


def rent(**more: Any) -> Terms:
    """DIP has no copyright for rent; the base case of the rule counts with it."""
    terms = terms_from("rent", {"theater_surcharge": 250, "rent": 200_000, "other_costs": 35_000, **more})
    return replace(terms, copyright_percentage=D(12))


def with_net(net: str) -> Evening:
    """An evening with exactly this net revenue under the common terms."""
    first = int(D(net) * 100 * D("1.09") * D("1.12")) - 5
    found = (Evening(cents, 0) for cents in range(first, first + 10))
    return next(one for one in found if settle(partage(), [one]).amount("net") == D(net))


THREE = [with_net("5946.92"), with_net("3100.00"), with_net("7400.00")]


def on(terms: Terms, evenings: Sequence[Evening], *codes: str) -> tuple[str, ...]:
    result = settle(terms, evenings)
    return tuple(str(result.amount(code)) for code in codes)


# Which figure, how it is worked out, what the rules say that it is.
SIDES = ("provider", "receiver")
CASES: dict[str, tuple[Callable[[], tuple[str, ...]], tuple[str, ...]]] = {
    "F1": (lambda: on(partage(), [BASE], "box_office", "surcharges", "revenue"), ("8010.00", "750.00", "7260.00")),
    "F2": (lambda: on(partage(), [BASE], "revenue_ex", "vat"), ("6660.55", "599.45")),
    "F3 part": (lambda: on(partage(), [BASE], "copyright", "net"), ("713.63", "5946.92")),
    "F3 straight": (
        lambda: on(partage(copyright_part_added=False), [BASE], "copyright", "net"),
        ("799.27", "5861.28"),
    ),
    "F4": (lambda: on(partage(), [BASE], *SIDES), ("4757.54", "1189.38")),
    "F5 5,000": (lambda: on(partage(provider_guarantee=500_000), [BASE], *SIDES), ("5000.00", "946.92")),
    # The rest before the copyright over the guarantee (F9), which the receiver pays too.
    "F5 6,200": (
        lambda: on(partage(provider_guarantee=620_000), [BASE], "provider", "rest", "receiver"),
        ("6200.00", "-253.08", "-283.45"),
    ),
    "F6 each": (
        lambda: on(partage(provider_guarantee=500_000, guarantee_per_performance=True), THREE, "provider"),
        ("15920.00",),
    ),
    "F6 total": (lambda: on(partage(provider_guarantee=500_000), THREE, "provider"), ("13157.54",)),
    "F7": (lambda: on(partage(receiver_guarantee=150_000), [BASE], *SIDES), ("4446.92", "1500.00")),
    "F8": (lambda: on(volume(), [BASE], *SIDES), ("4768.15", "1178.77")),
    "F8 costs": (
        lambda: on(volume(shared_costs=80_000), [BASE], "shared_costs", "divided", *SIDES),
        ("800.00", "5146.92", "4288.15", "858.77"),
    ),
    "F9": (
        lambda: on(partage(provider_guarantee=620_000), [BASE], "copyright_due", "copyright_extra"),
        ("744.00", "30.37"),
    ),
    "F9 buyout": (lambda: on(buyout(buyout_amount=800_000), [BASE], "copyright_due"), ("960.00",)),
    "F10": (
        lambda: on(
            partage(provider_guarantee=500_000), [BASE], "invoice_provider", "invoice_copyright", "invoice"
        ),
        ("5450.00", "863.49", "6313.49"),
    ),
    # Copyright is invoiced as it is due, so over the guarantee.
    "F10 with F9": (lambda: on(partage(provider_guarantee=620_000), [BASE], "invoice"), ("7658.24",)),
    "F11": (lambda: on(suppletion(), THREE[1:2], "share", "suppletion", "provider"), ("2325.00", "2000.00", "4325.00")),
    "F12": (lambda: on(buyout(), [BASE], *SIDES, "invoice"), ("4500.00", "1446.92", "5768.49")),
    "F13": (lambda: on(rent(), [BASE], *SIDES), ("3596.92", "2350.00")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_base_cases_to_the_cent(name: str) -> None:
    work_out, expected = CASES[name]
    assert work_out() == expected


# Each rule as if it were not there, and the case that must notice.
WITHOUT: list[tuple[str, Callable[..., Any], str]] = [
    ("surcharges", lambda box_office, surcharge, tickets: rule.ZERO, "F1"),
    ("revenue_without_vat", lambda revenue, vat: revenue, "F2"),
    ("copyright_part_added", lambda revenue, percentage: rule.ZERO, "F3 part"),
    ("copyright_part_added", rule.copyright_straight, "F3 part"),
    ("copyright_straight", rule.copyright_part_added, "F3 straight"),
    ("partage", lambda net, percentage: net, "F4"),
    ("guaranteed", lambda share, guarantee: share, "F5 5,000"),
    ("units", lambda amounts, per_performance: tuple(amounts), "F6 total"),
    ("units", lambda amounts, per_performance: (rule.total(amounts),), "F6 each"),
    ("guaranteed_to_receiver", lambda net, share, guarantee: share, "F7"),
    ("tranches", lambda divided, slices: rule.percent_of(divided, slices[-1][1]), "F8"),
    ("shared_costs_taken", lambda net, costs: rule.ZERO, "F8 costs"),
    ("copyright_due", lambda on_revenue, percentage, secured: on_revenue, "F9"),
    ("copyright_due", lambda on_revenue, percentage, secured: on_revenue, "F9 buyout"),
    ("invoice", lambda amount, vat, copyright_, copyright_vat: (amount, copyright_), "F10"),
    ("suppletion", lambda share, most, wanted: rule.ZERO, "F11"),
    ("suppletion", lambda share, most, wanted: wanted - share, "F11"),
    ("buyout", lambda amount: rule.ZERO, "F12"),
    ("rent", lambda amount, other_costs: amount, "F13"),
]


@pytest.mark.parametrize(("name", "instead", "case"), WITHOUT, ids=[f"{one[0]} {one[2]}" for one in WITHOUT])
def test_a_rule_that_is_taken_away_is_noticed(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: Callable[..., Any], case: str
) -> None:
    monkeypatch.setattr(rule, name, instead)
    work_out, expected = CASES[case]
    assert work_out() != expected


def test_every_rule_has_a_case_that_notices() -> None:
    helpers = {"to_cent", "percent_of", "plus_percent", "total"}
    rules = {name for name, one in vars(rule).items() if getattr(one, "__module__", "") == rule.__name__} - helpers
    assert {name for name, _, _ in WITHOUT} == rules


# --- preview and break-even


def test_the_preview_of_the_base_case() -> None:
    shown = preview(partage(provider_guarantee=500_000), [[500]], [2750])
    by_percent = {
        percent: tuple(str(one.amount(code)) for code in ("net", "provider", "receiver")) for percent, one in shown
    }
    assert [percent for percent, _ in shown] == [20, 40, 60, 80, 100]
    assert by_percent[20] == ("2047.84", "5000.00", "-3306.42")
    assert by_percent[60] == ("6143.51", "5000.00", "1143.51")
    assert by_percent[100] == ("10239.19", "8191.35", "2047.84")


def test_the_preview_takes_the_prices_of_the_terms_per_rank() -> None:
    entrance = preview(partage(entrance_prices=[2750, 2350]), [[100, 50]], fractions=[100])[0][1]
    settled = preview(partage(settlement_prices=[2500, 2100]), [[100, 50]], fractions=[100])[0][1]
    assert entrance.amount("box_office") == settled.amount("box_office") == D("3925.00")
    assert entrance.amount("surcharges") == D("375.00")


def test_a_free_rank_pays_no_surcharge() -> None:
    assert evening_of([10, 5], [2000, 0], 250) == Evening(20_000, 10)
    assert terms_from("rent", {"settlement_prices": [1000, 0], "theater_surcharge": 100}).prices == (1100, 0)


def test_a_part_of_a_seat_is_rounded_per_rank_and_evening() -> None:
    shown = preview(partage(), [[3, 33], [3, 33]], [1000], fractions=[50])[0][1]
    assert shown.amount("box_office") == D(2 * (2 + 17) * 10)


def test_one_price_counts_for_every_rank_and_more_prices_than_ranks_do_no_harm() -> None:
    assert evening_of([10, 10], [1000]) == Evening(20_000, 20)
    assert evening_of([10], [1000, 500]) == Evening(10_000, 10)


def test_a_price_may_be_surcharge_alone() -> None:
    assert settle(partage(), [evening_of([10], [250], 250)]).amount("revenue") == 0


def test_the_preview_uses_the_rates_of_the_dates() -> None:
    old, new = (
        preview(partage(), [[500]], [2750], [100], dates=[day])[0][1] for day in (date(2018, 12, 31), date(2019, 1, 1))
    )
    assert (old.amount("revenue_ex"), new.amount("revenue_ex")) == (D("11792.45"), D("11467.89"))


def test_the_guarantee_is_earned_from_exactly_this_ticket_on() -> None:
    terms = partage(provider_guarantee=500_000)
    found = break_even(terms, [[500]], [2750])
    assert found == BreakEven(tickets=306, seats=500)
    assert found.percent == D("61.2")
    sold = {tickets: settle(terms, [Evening(tickets * 2750, tickets)]) for tickets in (305, 306)}
    assert sold[305].amount("guarantee_added") > 0
    assert sold[306].amount("guarantee_added") == 0


def test_a_guarantee_per_performance_is_earned_when_the_smallest_hall_earns_it() -> None:
    halls = [[500], [400]]
    each = break_even(partage(provider_guarantee=500_000, guarantee_per_performance=True), halls, [2750])
    whole = break_even(partage(provider_guarantee=500_000), halls, [2750])
    assert each == BreakEven(tickets=306 + 382, seats=900)  # of 500 seats 382 are sold when of 400 it is the 306th
    assert whole is not None
    assert whole.tickets in (305, 306)  # rounding per evening may reach it one ticket earlier


@pytest.mark.parametrize(
    "terms",
    [
        partage(),
        partage(receiver_guarantee=100_000),
        partage(provider_guarantee=900_000),
        partage(provider_guarantee=500_000, provider_share=D(0)),
        buyout(),
        rent(),
        suppletion(suppletion_guarantee=None),
        suppletion(suppletion_amount=0),
    ],
)
def test_without_a_guarantee_or_when_it_is_never_earned_there_is_no_break_even(terms: Terms) -> None:
    assert break_even(terms, [[500]], [2750]) is None


def test_a_suppletion_breaks_even_where_nothing_is_added_any_more() -> None:
    terms = suppletion()
    found = break_even(terms, [[500]], [2750])
    assert found is not None
    added = [settle(terms, [Evening(n * 2750, n)]).amount("suppletion") for n in (found.tickets - 1, found.tickets)]
    assert added[0] > 0 == added[1]


def test_a_percentage_to_break_even_is_never_too_low() -> None:
    assert BreakEven(1, 3).percent == D("33.4")
    assert BreakEven(3, 3).percent == D("100.0")


# --- several evenings


def test_a_guarantee_on_the_total_is_the_same_as_per_performance_for_one_evening() -> None:
    each, whole = (partage(provider_guarantee=500_000, guarantee_per_performance=flag) for flag in (True, False))
    assert settle(each, [BASE]) == settle(whole, [BASE])


def test_without_a_guarantee_it_makes_no_difference_how_it_would_count() -> None:
    each, whole = (partage(guarantee_per_performance=flag) for flag in (True, False))
    assert settle(each, THREE) == settle(whole, THREE)


def test_the_receiver_s_guarantee_and_the_suppletion_count_per_performance_too() -> None:
    assert on(partage(receiver_guarantee=150_000, guarantee_per_performance=True), THREE, "receiver") == ("4500.00",)
    assert on(partage(receiver_guarantee=150_000), THREE, "receiver") == ("3289.38",)
    # Shares 4460.19, 2325.00 and 5550.00: 39.81 and 2000.00 are added; on the total nothing.
    assert on(suppletion(guarantee_per_performance=True), THREE, "suppletion") == ("2039.81",)
    assert on(suppletion(), THREE, "suppletion") == ("0.00",)


def test_copyright_over_a_guarantee_per_performance_is_due_per_performance() -> None:
    quiet = [Evening(0, 0), BASE]
    each, whole = (partage(provider_guarantee=500_000, guarantee_per_performance=flag) for flag in (True, False))
    assert on(each, quiet, "copyright_due") == ("1313.63",)
    assert on(whole, quiet, "copyright_due") == ("713.63",)


def test_what_has_no_choice_counts_once_for_all_evenings() -> None:
    assert on(buyout(), THREE, "provider") == ("4500.00",)
    assert on(rent(), THREE, "receiver") == ("2350.00",)
    # 16,446.92 - 800: 3,000 + 60 % of 3,000 + 80 % of 9,646.92.
    assert on(volume(shared_costs=80_000), THREE, "provider") == ("12517.54",)
    # A flag that the type does not have changes nothing.
    flagged = replace(volume(provider_guarantee=2_000_000), guarantee_per_performance=True)
    assert settle(flagged, THREE) == settle(volume(provider_guarantee=2_000_000), THREE)


# --- the edges


def test_without_a_ticket_the_fixed_amounts_stand() -> None:
    none = [Evening(0, 0)]
    assert on(partage(provider_guarantee=500_000), none, *SIDES) == ("5000.00", "-5600.00")
    assert on(partage(receiver_guarantee=150_000), none, *SIDES) == ("-1500.00", "1500.00")
    assert on(partage(), none, *SIDES) == ("0.00", "0.00")
    assert on(volume(shared_costs=80_000), none, "shared_costs", *SIDES) == ("0.00", "0.00", "0.00")
    assert on(suppletion(), none, *SIDES) == ("2000.00", "-2000.00")
    assert on(buyout(), none, *SIDES) == ("4500.00", "-5040.00")
    assert on(rent(), none, *SIDES) == ("-2350.00", "2350.00")


@pytest.mark.parametrize(("share", "sides"), [(D(0), ("0.00", "5946.92")), (D(100), ("5946.92", "0.00"))])
def test_the_whole_or_nothing(share: Decimal, sides: tuple[str, str]) -> None:
    assert on(partage(provider_share=share), [BASE], *SIDES) == sides


def test_half_a_cent_goes_up_for_the_provider_and_the_receiver_gets_the_rest() -> None:
    assert rule.partage(D("0.01"), D(50)) == D("0.01")
    assert on(partage(provider_share=D(50), copyright_percentage=D(0)), [Evening(1, 0)], *SIDES) == ("0.01", "0.00")


def test_a_count_without_revenue_is_no_negative_revenue_but_an_estimate() -> None:
    result = settle(partage(), [Evening(0, 200)])
    assert result.amount("revenue") == 0
    assert result.line("surcharges").certainty == "C"  # type: ignore[union-attr]
    assert result.estimate


def test_above_the_last_bound_that_was_agreed_the_provider_gets_nothing() -> None:
    terms = volume(tranches=SLICES[:2])
    assert on(terms, [with_net("7400.00")], "provider") == ("4800.00",)
    assert terms.missing == ("tranches",)


# --- what was not filled in, and how sure it is


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("partage", ("provider_share", "copyright_percentage")),
        ("volume", ("tranches", "copyright_percentage")),
        ("buyout", ("buyout_amount",)),
        ("suppletion", ("provider_share", "suppletion_amount", "suppletion_guarantee", "copyright_percentage")),
        ("rent", ("rent",)),
    ],
)
def test_an_empty_agreement_gives_sums_and_says_what_is_missing(kind: str, missing: tuple[str, ...]) -> None:
    result = settle(terms_from(kind, {}), [BASE])
    assert result.missing == missing
    assert result.estimate
    assert sum(result.parts.values()) == D("8010.00")


def test_every_empty_column_reads_as_not_filled_in() -> None:
    empty = {name: None for name in Terms.__dataclass_fields__ if name != "kind"}
    for kind in ContractType.values:
        assert terms_from(kind, {**empty, "remarks": "", "entrance_prices": []}) == terms_from(kind, {})


def test_terms_of_another_type_are_left_out() -> None:
    assert terms_from("rent", {"rent": 1, "provider_share": D(80), "buyout_amount": 5}) == terms_from(
        "rent", {"rent": 1}
    )


CERTAIN = [
    (partage(), [BASE], False),
    (partage(provider_guarantee=500_000), [BASE], False),
    (partage(provider_guarantee=500_000), [BASE, BASE], True),  # F6 on the total
    (partage(provider_guarantee=500_000, guarantee_per_performance=True), [BASE, BASE], False),
    (partage(copyright_part_added=False), [BASE], True),  # F3 straight
    (partage(copyright_percentage=None), [BASE], True),
    (partage(receiver_guarantee=1), [BASE], True),  # F7
    (volume(), [BASE], True),  # F8
    (suppletion(), [BASE], True),  # F11
    (buyout(), [BASE], False),
    (buyout(), [BASE, BASE], True),
    (rent(), [BASE], False),
    (rent(), [BASE, BASE], True),
    (rent(rent=None), [BASE], True),  # nobody filled it in
    (terms_from("rent", {"rent": 1}), [BASE], True),  # whose copyright?
]  # fmt: skip


@pytest.mark.parametrize(("terms", "evenings", "estimate"), CERTAIN)
def test_what_rests_on_our_reading_is_an_estimate(terms: Terms, evenings: list[Evening], estimate: bool) -> None:
    assert settle(terms, evenings).estimate is estimate


def test_lines_name_their_rule_and_their_words() -> None:
    result = settle(volume(shared_costs=80_000, provider_guarantee=620_000), [BASE])
    assert [(line.code, line.rule, line.certainty) for line in result.lines] == [
        ("box_office", "F1", "A"),
        ("surcharges", "F1", "A"),
        ("revenue", "F1", "A"),
        ("vat", "F2", "A"),
        ("revenue_ex", "F2", "A"),
        ("copyright", "F3", "B"),
        ("net", "F3", "B"),
        ("shared_costs", "F8", "C"),
        ("divided", "F8", "C"),
        ("share", "F8", "C"),
        ("guarantee_added", "F5", "A"),
        ("provider", "F5", "A"),
        ("rest", "F5", "A"),
        ("copyright_extra", "F9", "B"),
        ("copyright_due", "F9", "B"),
        ("receiver", "F5", "A"),
        ("invoice_provider", "F10", "B"),
        ("invoice_copyright", "F10", "B"),
        ("invoice", "F10", "B"),
    ]
    assert all(isinstance(line.label, Promise) for line in result.lines)


def test_every_word_is_used() -> None:
    rules = (volume(shared_costs=1, provider_guarantee=620_000), partage(receiver_guarantee=1), suppletion(), buyout())
    used = {line.code for terms in (*rules, rent()) for line in settle(terms, [BASE]).lines}
    assert used == set(LABELS)


def base_of(terms: Terms) -> str:
    return str(settle(terms, [BASE]).base)


def test_the_base_is_said_in_words() -> None:
    assert base_of(partage()) == base_of(buyout())
    assert len({base_of(one) for one in (partage(), volume(shared_costs=1), terms_from("rent", {"rent": 1}))}) == 3


def test_no_copyright_is_something_else_than_an_unknown_one() -> None:
    none, unknown = (settle(partage(copyright_percentage=one), [BASE]) for one in (D(0), None))
    assert none.amount("net") == unknown.amount("net") == D("6660.55")
    assert none.line("copyright") is not None
    assert [line.code for line in unknown.lines if "copyright" in line.code] == []
    assert unknown.amount("invoice") == unknown.amount("invoice_provider")


def test_a_hall_that_is_rented_gives_no_invoice_of_the_provider() -> None:
    assert settle(rent(), [BASE]).line("invoice") is None


def test_rates_follow_the_date_and_the_invoice_the_last_evening() -> None:
    evenings = [replace(BASE, on=date(2019, 1, 1)), replace(BASE, on=date(2018, 12, 31))]
    result = settle(partage(), evenings)
    assert [str(one.revenue_ex) for one in result.evenings] == ["6660.55", "6849.06"]
    assert result.amount("invoice_provider") == rule.plus_percent(result.provider, D(9))
    dear = Rates(performing_arts=((date.min, D(9)), (date(2020, 1, 1), D(21))), copyright_invoice=((date.min, D(9)),))
    assert settle(partage(), [BASE], dear).amount("revenue_ex") == D("6000.00")
    with pytest.raises(ValueError, match="no rate"):
        settle(partage(), evenings, Rates(performing_arts=((date(2019, 1, 1), D(9)),)))


# --- what is refused


@pytest.mark.parametrize(
    "values",
    [
        {"provider_guarantee": 1, "receiver_guarantee": 1},
        {"provider_guarantee": -1},
        {"theater_surcharge": -1},
        {"entrance_prices": [-1]},
        {"copyright_percentage": D("100.01")},
        {"copyright_percentage": D(-1)},
        {"tranches": [SLICES[1], SLICES[0]]},
        {"tranches": [SLICES[2], SLICES[0]]},
        {"tranches": [SLICES[0], SLICES[0]]},
        {"tranches": [{"amount": OPEN_END, "percentage": "101.00"}]},
    ],
)
def test_impossible_terms_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(SettlementError) as refusal:
        volume(**values)
    assert refusal.value.code == "terms"


def test_an_unknown_type_is_no_settlement() -> None:
    with pytest.raises(ValueError, match="lease"):
        terms_from("lease", {})


def refused(act: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(SettlementError) as refusal:
        act()
    return refusal.value.code, str(refusal.value)


def test_what_cannot_be_counted_is_refused_with_a_sentence() -> None:
    guaranteed = partage(provider_guarantee=1)
    for act, code in (
        (lambda: settle(partage(), []), "evenings"),
        (lambda: preview(partage(), [], [2750]), "evenings"),
        (lambda: break_even(partage(), [], [2750]), "evenings"),
        (lambda: Evening(-1, 0), "count"),
        (lambda: Evening(0, -1), "count"),
        (lambda: preview(partage(), [[500], [0, 0]], [2750]), "seats"),
        (lambda: preview(partage(), [[]], [2750]), "seats"),
        (lambda: preview(partage(), [[500]]), "price"),
        (lambda: preview(partage(), [[5, 5, 5]], [2750, 2350], fractions=[0]), "price"),
        (lambda: preview(partage(), [[5]], [249]), "price"),
        (lambda: break_even(guaranteed, [[5, 5, 5]], [2750, 2350]), "price"),
    ):
        found, sentence = refused(act)
        assert (found, bool(sentence)) == (code, True)
    assert refused(lambda: evening_of([1, 1, 1], [5, 5])) == ("price", str(refused_price(3)))


def refused_price(rank: int) -> str:
    from django.utils.translation import gettext

    return gettext("There is no price for rank %(rank)d.") % {"rank": rank}


def test_a_result_is_plain_data() -> None:
    one: Settlement = settle(partage(), [BASE])
    assert one == settle(partage(), [BASE])
    with pytest.raises(AttributeError):
        one.missing = ()  # type: ignore[misc]


def test_bounds_and_percentages_are_read_as_the_columns_hold_them() -> None:
    assert volume().tranches == (Tranche(300_000, D(100)), Tranche(600_000, D(60)), Tranche(None, D(80)))
    assert terms_from("partage", {"provider_share": 80.0}).provider_share == D(80)
