"""What can be written in the journal. Each room declares its codes; each has a label and an audience."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    PROVIDER = "provider", _("Provider")
    RECEIVER = "receiver", _("Receiver")
    BOTH = "both", _("Both sides")
    STAFF = "staff", _("Administrators")


@dataclass(frozen=True)
class Code:
    code: str
    label: str | Promise
    audience: Audience
    tone: str = "neutral"  # neutral, good, bad, warning: the colour and icon of the line
    icon: str = "point"
    # Another label by the entry's field `kind`, as ("terms", …).
    by_kind: tuple[tuple[str, str | Promise], ...] = ()


_codes: dict[str, Code] = {}


def declare(*codes: Code) -> None:
    for code in codes:
        if _codes.get(code.code, code) != code:
            raise ValueError(f"journal code {code.code!r} is declared twice")
        _codes[code.code] = code


def lookup(code: str) -> Code:
    """The declared code; raises KeyError for one that no room declared."""
    return _codes[code]


def declared() -> dict[str, Code]:
    return dict(_codes)
