"""Bodies that the OpenAPI document shows, spelt out; a test sends them and reads them back."""

from typing import Any

_NAMED: dict[str, Any] = {"productionNumber": "NL-25-123-0003776", "performanceNumber": 11484906}
_NORMAL: dict[str, Any] = {"type": "normal", "tickets": 240, "recette": 624000}
TICKETS: dict[str, Any] = {
    "One performance, by its numbers of DIP": {
        **_NAMED,
        "counts": [
            _NORMAL,
            {"type": "discount", "tickets": 60, "recette": 132000},
            {"type": "free", "tickets": 10, "recette": 0},
        ],
        "reservations": 12,
        "blockedSeats": 4,
        "countedAt": "2026-03-12T06:00:00+01:00",
    },
    "With its number in the own system, which is kept": {**_NAMED, "systemNumber": "EV-4711", "counts": [_NORMAL]},
    "Several at once": [
        {**_NAMED, "counts": [_NORMAL]},
        {**_NAMED, "performanceNumber": 11484907, "counts": [{"type": "normal", "tickets": 0, "recette": 0}]},
    ],
}
PLACES: dict[str, Any] = {
    "As one number": {**_NAMED, "tickets": 12},
    "By type": {**_NAMED, "counts": [{"type": "normal", "tickets": 12, "recette": 31200}]},
}
TAKEN_IN: dict[str, Any] = {
    "rows": 1,
    "changed": 1,
    "linked": 0,
    "warnings": [
        {
            "row": 0,
            "warning": "fewer",
            "warning_description": "De vorige keer waren er 315 kaarten, nu zijn het er 310.",
        }
    ],
}
REFUSED: dict[str, Any] = {
    "error": "invalid",
    "error_description": "Er is niets overgenomen: kijk wat er in welke regel niet klopt.",
    "rows": [
        {
            "row": 0,
            "field": "counts.0.tickets",
            "error": "min_value",
            "error_description": "Dit mag niet minder zijn dan 0.",
        }
    ],
}
PERFORMANCE: dict[str, Any] = {
    "dipId": "NL-25-123-0003776|11484906",
    **_NAMED,
    "title": "De Storm",
    "startsAt": "2026-03-12T20:15:00+01:00",
    "hall": {"id": 57, "name": "Grote zaal"},
    "seats": 500,
    "status": "agreed",
    "systemNumber": "EV-4711",
    "count": {
        "source": "system",
        "tickets": 310,
        "recette": 756000,
        "reservations": 12,
        "blockedSeats": 4,
        "countedAt": "2026-02-20T06:00:00+01:00",
    },
}
