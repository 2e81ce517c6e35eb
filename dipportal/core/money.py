"""Money is an integer number of euro cents, everywhere; text only at the edges."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

NBSP = "\u00a0"
# '6500', '6.500', '6.500,00', '6500,-', '€ 12,5'. Thousands by dots; a single dot with one or two digits behind
# it is read as a decimal point, as people who type '27.50' mean it.
_DUTCH = re.compile(r"^(?P<sign>-?)(?P<whole>\d{1,3}(?:\.\d{3})+|\d+)(?:,(?P<cents>\d{1,2}|-{1,2}))?$")
_POINT = re.compile(r"^(?P<sign>-?)(?P<whole>\d+)\.(?P<cents>\d{1,2})$")


def parse_cents(value: str) -> int:
    """Read an amount as people type it. Returns cents; raises ValueError when it is not an amount."""
    text = value.replace("€", "").replace(NBSP, "").replace(" ", "").replace("EUR", "")
    match = _DUTCH.match(text) or _POINT.match(text)
    if match is None:
        raise ValueError("not an amount")
    whole = int(match["whole"].replace(".", ""))
    tail = match["cents"] or ""
    cents = 0 if not tail or tail.startswith("-") else int(tail.ljust(2, "0"))
    total = whole * 100 + cents
    return -total if match["sign"] else total


def format_cents(cents: int | None, *, symbol: bool = True) -> str:
    """650000 → '€ 6.500,00'; None → ''."""
    if cents is None:
        return ""
    whole, rest = divmod(abs(cents), 100)
    number = f"{whole:,}".replace(",", ".") + f",{rest:02d}"
    sign = "-" if cents < 0 else ""
    return f"€{NBSP}{sign}{number}" if symbol else f"{sign}{number}"


def parse_percent(value: str) -> Decimal:
    """Read '12,5', '12.5 %'. Raises ValueError when it is not a number of at most four decimals."""
    text = value.replace("%", "").replace(NBSP, "").replace(" ", "").replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not a percentage") from error
    if not number.is_finite() or -number.as_tuple().exponent > 4:  # type: ignore[operator]
        raise ValueError("not a percentage")
    return number


def format_percent(value: Decimal | float | None) -> str:
    """Decimal('12.50') → '12,5 %'; None → ''."""
    if value is None:
        return ""
    number = Decimal(str(value)).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP).normalize()
    return f"{number:f}".replace(".", ",") + f"{NBSP}%"
