"""The lines of a settlement for who reads a sheet: each rule in words, and which lines are estimates.

A line is an estimate when its own rule is a reading of ours (C), or when a line that it is worked out from is one.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from dipportal.contracts import settlement_rules as rule
from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement import DUTCH_RATES, Evening, Line, Rates, Settlement, Terms
from dipportal.contracts.settlement_input import Dated, euros, rate_on
from dipportal.core.money import format_cents, format_percent

# Line → the lines that it is worked out from. What is not named stands by itself: the box office is counted, a buyout
# and a rent are agreed.
FROM: dict[str, tuple[str, ...]] = {
    "revenue": ("box_office", "surcharges"),
    "vat": ("revenue",),
    "revenue_ex": ("revenue", "vat"),
    "copyright": ("revenue_ex",),
    "net": ("revenue_ex", "copyright"),
    "shared_costs": ("net",),
    "divided": ("net", "shared_costs"),
    "share": ("net", "divided"),
    "guarantee_added": ("share",),
    "guarantee_ceded": ("share",),
    "suppletion": ("share",),
    "rest": ("net", "shared_costs", "provider"),
    "copyright_due": ("copyright",),
    "copyright_extra": ("copyright", "copyright_due"),
    "receiver": ("net", "shared_costs", "provider", "copyright_extra"),
    "invoice_provider": ("provider",),
    "invoice_copyright": ("copyright_due",),
    "invoice": ("invoice_provider", "invoice_copyright"),
}
PROVIDER: dict[str, tuple[str, ...]] = {
    ContractType.BUYOUT: ("buyout",),
    ContractType.RENT: ("net", "rent", "other_costs"),
}
SHARED = ("share", "guarantee_added", "guarantee_ceded", "suppletion")
# What rests on an amount that DIP gives without saying whether it counts once or for each performance.
ONCE = ("guarantee_added", "suppletion", "buyout", "rent", "other_costs")


def estimates(found: Settlement, doubted: Collection[str] = ()) -> frozenset[str]:
    """The codes of the lines that are estimates. `doubted`: codes that are so for a reason of the caller's.

    Terms that nobody filled in make an estimate of everything but the box office.
    """
    if found.missing:
        return frozenset(line.code for line in found.lines if line.code != "box_office")
    so = {line.code for line in found.lines if line.certainty == "C"} | set(doubted)
    present = {line.code for line in found.lines}
    while True:
        more = {code for code in present - so if so & set(_from(code, found.kind)) & present}
        if not more:
            return frozenset(so & present)
        so |= more


def _from(code: str, kind: ContractType) -> tuple[str, ...]:
    if code == "provider":
        return PROVIDER.get(kind, SHARED)
    if code == "receiver" and kind == ContractType.RENT:
        return ("rent", "other_costs")  # whatever the revenue is
    return FROM.get(code, ())


def in_words(line: Line, terms: Terms, evenings: Sequence[Evening], rates: Rates = DUTCH_RATES) -> str:
    """How this line is worked out, with the numbers of the agreement."""
    several = len(evenings) > 1
    words = {
        "box_office": _("what visitors paid, with theater surcharge and VAT, as it was counted"),
        "surcharges": _surcharges(line, terms, evenings),
        "revenue": _("what visitors paid − theater surcharges"),
        "vat": _("%(percent)s of the revenue excluding VAT, contained in the revenue")
        % {"percent": _rates_of(rates.performing_arts, evenings)},
        "revenue_ex": _("revenue including VAT − VAT"),
        "copyright": _copyright(terms),
        "net": _("revenue excluding VAT − copyright"),
        "shared_costs": _("as agreed; never more than the net revenue"),
        "divided": _("net revenue − shared costs"),
        "share": _share(terms, several=several),
        "guarantee_added": _guarantee(
            terms, terms.provider_guarantee, _("the provider gets at least %(amount)s"), several
        ),
        "guarantee_ceded": _guarantee(
            terms, terms.receiver_guarantee, _("the receiver gets at least %(amount)s"), several
        ),
        "suppletion": _suppletion(terms, several=several),
        "buyout": _("as agreed, however much is sold; the revenue stays with the receiver"),
        "rent": _("as agreed, however much is sold; the revenue stays with the provider"),
        "other_costs": _("as agreed"),
        "provider": _provider(terms),
        "rest": _("what is left of the net revenue after the provider's amount"),
        "copyright_due": _copyright_due(terms),
        "copyright_extra": _("copyright due − copyright on the revenue; the receiver bears it"),
        "receiver": _receiver(terms),
        "invoice_provider": _("the provider's amount + %(percent)s VAT")
        % {"percent": _last_rate(rates.performing_arts, evenings)},
        "invoice_copyright": _("copyright due + %(percent)s VAT")
        % {"percent": _last_rate(rates.copyright_invoice, evenings)},
        "invoice": _("the two amounts above together"),
    }
    return words[line.code]


def _surcharges(line: Line, terms: Terms, evenings: Sequence[Evening]) -> str:
    if not terms.theater_surcharge:
        return _("no theater surcharge was agreed")
    paid = sum(one.tickets for one in evenings)
    words = {"amount": format_cents(terms.theater_surcharge), "tickets": paid}
    if euros(terms.theater_surcharge) * paid != line.amount:
        return _("%(amount)s × %(tickets)d paid tickets, but never more than was paid") % words
    return _("%(amount)s × %(tickets)d paid tickets") % words


def _rates_of(dated: Dated, evenings: Sequence[Evening]) -> str:
    found = sorted({rate_on(dated, one.on) for one in evenings})
    return " / ".join(format_percent(one) for one in found)


def _last_rate(dated: Dated, evenings: Sequence[Evening]) -> str:
    days = [one.on for one in evenings if one.on]
    return format_percent(rate_on(dated, max(days) if days else None))


def _copyright(terms: Terms) -> str:
    part = terms.copyright_percentage or rule.ZERO
    whole = Decimal(100) + part if terms.copyright_part_added else Decimal(100)
    return _("%(part)s/%(whole)s of the revenue excluding VAT") % {"part": _plain(part), "whole": _plain(whole)}


def _plain(number: Decimal) -> str:
    return format_percent(number).removesuffix("%").strip()


def _share(terms: Terms, *, several: bool) -> str:
    if terms.kind == ContractType.VOLUME:
        base = _("revenue to be divided") if terms.shared_costs else _("net revenue")
        return _("of the %(base)s: %(tranches)s") % {"base": base, "tranches": _tranches(terms)}
    words = {"percent": format_percent(terms.provider_share or rule.ZERO)}
    if several:
        return _("%(percent)s of the net revenue of each performance") % words
    return _("%(percent)s of the net revenue") % words


def _tranches(terms: Terms) -> str:
    found, floor = [], 0
    for one in terms.tranches:
        words = {
            "percent": format_percent(one.percentage),
            "from": format_cents(floor),
            "to": format_cents(one.up_to),
        }
        open_end = one.up_to is None
        found.append(
            (_("%(percent)s above %(from)s") if open_end else _("%(percent)s from %(from)s to %(to)s")) % words
        )
        floor = one.up_to or 0
    return ", ".join(found)


def _guarantee(terms: Terms, guarantee: int | None, sentence: str, several: bool) -> str:
    words = sentence % {"amount": format_cents(guarantee or 0)}
    return f"{words} {_held(terms)}" if several or terms.per_performance else words


def _held(terms: Terms) -> str:
    return _("for each performance") if terms.per_performance else _("for all performances together")


def _suppletion(terms: Terms, *, several: bool) -> str:
    words = {
        "wanted": format_cents(terms.suppletion_guarantee or 0),
        "most": format_cents(terms.suppletion_amount or 0),
    }
    sentence = _("brings the provider's share up to %(wanted)s, with at most %(most)s") % words
    return f"{sentence} {_held(terms)}" if several or terms.per_performance else sentence


def _provider(terms: Terms) -> str:
    if terms.kind == ContractType.BUYOUT:
        return _("the buyout amount")
    if terms.kind == ContractType.RENT:
        return _("net revenue − rent − other costs")
    if terms.kind == ContractType.SUPPLETION:
        return _("provider's share + suppletion")
    if terms.provider_guarantee:
        return _("provider's share + what was added up to the guarantee")
    if terms.receiver_guarantee:
        return _("provider's share − what was ceded for the guarantee")
    return _("the provider's share")


def _receiver(terms: Terms) -> str:
    if terms.kind == ContractType.RENT:
        return _("rent + other costs")
    if terms.kind == ContractType.VOLUME and terms.shared_costs:
        return _("revenue to be divided − the provider's amount − copyright above that on the revenue")
    return _("net revenue − the provider's amount − copyright above that on the revenue")


def _copyright_due(terms: Terms) -> str:
    words = {"percent": format_percent(terms.copyright_percentage or rule.ZERO)}
    if terms.kind == ContractType.BUYOUT:
        return _("the copyright on the revenue, at least %(percent)s of the buyout amount") % words
    if terms.provider_guarantee:
        return _("the copyright on the revenue, at least %(percent)s of the guarantee") % words
    return _("the copyright on the revenue")
