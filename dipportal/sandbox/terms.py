"""The five agreement types: their members, defaults and the rejection fields that make sense for each."""

from __future__ import annotations

import copy
import re
from typing import Any

CONTRACT_TYPES = ("partage", "volume", "buyout", "suppletion", "rent")
TYPE_LABELS = {
    "partage": "Partage",
    "volume": "Staffel",
    "buyout": "Uitkoop",
    "suppletion": "Suppletie",
    "rent": "Huur",
}
STATUS_LABELS = {
    "concept": "Concept",
    "proposed": "Voorgesteld",
    "approved": "Goedgekeurd",
    "rejected": "Afgekeurd",
    "revised": "Herzien",
    "revised-in-pki": "Herzien in PKI",
}

COMMON: dict[str, Any] = {
    "theater_fee": 0,
    "consumption_fee": 0,
    "service_fee": 0,
    "wardrobe_fee": 0,
    "mantel_agreement": False,
    "remarks": "",
    "theater_technicians": None,
    "producer_technicians": None,
    "settlement_pricing": [],
    "entrance_pricing": [],
}
OWN: dict[str, dict[str, Any]] = {
    "partage": {
        "royalties_percentage": 0.0,
        "royalties_add_part_percentage": False,
        "partage_percentage": 0.0,
        "producer_warranty": 0,
        "theater_warranty": 0,
        "warranty_per_performance": False,
    },
    "volume": {
        "royalties_percentage": 0.0,
        "royalties_add_part_percentage": False,
        "shared_costs": 0,
        "producer_warranty": 0,
        "theater_warranty": 0,
        "volumes": [],
    },
    "buyout": {"royalties_percentage": 0.0, "buyout_amount": 0},
    "suppletion": {
        "royalties_percentage": 0.0,
        "royalties_add_part_percentage": False,
        "partage_percentage": 0.0,
        "suppletion": 0,
        "warranty": 0,
        "warranty_per_performance": False,
    },
    "rent": {"rent": 0, "other_charges": 0},
}
LABELS = {
    "royalties_percentage": "Auteursrechten (%)",
    "royalties_add_part_percentage": "Auteursrechten als deel van het totaal",
    "partage_percentage": "Partage aanbieder (%)",
    "producer_warranty": "Garantie aanbieder",
    "theater_warranty": "Garantie afnemer",
    "warranty_per_performance": "Garantie per voorstelling",
    "shared_costs": "Gedeelde kosten",
    "volumes": "Staffels",
    "buyout_amount": "Uitkoopsom",
    "suppletion": "Suppletie",
    "warranty": "Garantie",
    "rent": "Huur",
    "other_charges": "Overige kosten",
    "theater_fee": "Theatertoeslag",
    "consumption_fee": "Consumptietoeslag",
    "service_fee": "Servicekosten",
    "wardrobe_fee": "Garderobetoeslag",
    "mantel_agreement": "Mantelovereenkomst",
    "remarks": "Opmerkingen",
    "theater_technicians": "Technici theater",
    "producer_technicians": "Technici producent",
    "settlement_pricing": "Afrekenprijzen per rang",
    "entrance_pricing": "Toegangsprijzen per rang",
}
PERCENTAGES = frozenset({"royalties_percentage", "partage_percentage"})
AMOUNTS = frozenset(
    name
    for members in (*OWN.values(), COMMON)
    for name, default in members.items()
    if isinstance(default, int) and not isinstance(default, bool)
)

REJECTION_LABELS = {
    "is_start_time_rejected": "Aanvangstijd",
    "is_theater_surcharge_rejected": "Theatertoeslag",
    "is_copyright_calculation_rejected": "Berekening auteursrechten",
    "is_copyright_rejected": "Auteursrechten",
    "is_provider_guarantee_rejected": "Garantie aanbieder",
    "is_consumer_guarantee_rejected": "Garantie afnemer",
    "is_guarantee_calculation_rejected": "Berekening garantie",
    "is_provider_partage_rejected": "Partage aanbieder",
    "is_ticket_price_rejected": "Kaartprijzen",
    "is_consumption_surcharge_rejected": "Consumptietoeslag",
    "is_service_surcharge_rejected": "Servicekosten",
    "is_wardrobe_surcharge_rejected": "Garderobetoeslag",
    "is_remark_rejected": "Opmerkingen",
    "is_rent_rejected": "Huur",
    "is_other_costs_rejected": "Overige kosten",
    "is_buyout_amount_rejected": "Uitkoopsom",
    "is_suppletion_amount_rejected": "Suppletiebedrag",
    "is_tranche_rejected": "Staffels",
    "is_combined_budget_rejected": "Gedeelde kosten",
    "is_amount_rejected": "Bedrag",
    "is_maximum_amount_rejected": "Maximumbedrag",
    "is_guarantee_per_performance_rejected": "Garantie per voorstelling",
}
REJECTION_FIELDS = tuple(REJECTION_LABELS)
_SHARED_REJECTIONS = (
    "is_start_time_rejected",
    "is_theater_surcharge_rejected",
    "is_ticket_price_rejected",
    "is_consumption_surcharge_rejected",
    "is_service_surcharge_rejected",
    "is_wardrobe_surcharge_rejected",
    "is_remark_rejected",
)
# ASSUMED: which of the 22 fields DIP offers for which type; each type gets those that name one of its members.
_OWN_REJECTIONS: dict[str, tuple[str, ...]] = {
    "partage": (
        "is_copyright_calculation_rejected",
        "is_copyright_rejected",
        "is_provider_guarantee_rejected",
        "is_consumer_guarantee_rejected",
        "is_guarantee_calculation_rejected",
        "is_provider_partage_rejected",
        "is_guarantee_per_performance_rejected",
    ),
    "volume": (
        "is_copyright_calculation_rejected",
        "is_copyright_rejected",
        "is_provider_guarantee_rejected",
        "is_consumer_guarantee_rejected",
        "is_tranche_rejected",
        "is_combined_budget_rejected",
    ),
    "buyout": ("is_copyright_rejected", "is_buyout_amount_rejected", "is_amount_rejected"),
    "suppletion": (
        "is_copyright_calculation_rejected",
        "is_copyright_rejected",
        "is_provider_partage_rejected",
        "is_suppletion_amount_rejected",
        "is_maximum_amount_rejected",
        "is_guarantee_calculation_rejected",
        "is_guarantee_per_performance_rejected",
    ),
    "rent": ("is_rent_rejected", "is_other_costs_rejected", "is_amount_rejected"),
}


def rejection_fields_of(contract_type: str) -> tuple[str, ...]:
    wanted = {*_SHARED_REJECTIONS, *_OWN_REJECTIONS[contract_type]}
    return tuple(name for name in REJECTION_FIELDS if name in wanted)


def no_rejections() -> dict[str, bool]:
    return dict.fromkeys(REJECTION_FIELDS, False)


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda found: "_" + found.group(1).lower(), name)


def properties(contract_type: str, given: dict[str, Any]) -> dict[str, Any]:
    """All members of the type in DIP's order: what was given (snake_case), else the default."""
    members = copy.deepcopy({**OWN[contract_type], **COMMON})
    for name, value in given.items():
        members[name] = float(value) if name in PERCENTAGES else value
    if "volumes" in members:
        members["volumes"] = [
            {"amount": row["amount"], "percentage": float(row["percentage"])} for row in members["volumes"]
        ]
    return members
