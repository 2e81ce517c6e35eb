"""A standing agreement of a provider with a house: ours, or the neighbours' that could leak."""

import datetime as dt
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from dipportal.contracts import standing
from dipportal.contracts.models_standing import StandingAgreement
from tests.world import World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def pdf_file(content: bytes = PDF, name: str = "overeenkomst.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def standing_agreement(
    world: World, provider: str = "agency", receiver: str = "kade", *, file: bool = True, **values: Any
) -> StandingAgreement:
    """In force since the first of January 2020, without an end."""
    made: dict[str, Any] = {"title": "Mantel 2020", "valid_from": dt.date(2020, 1, 1), "valid_until": None, **values}
    return standing.create(
        provider=getattr(world, provider),
        receiver=getattr(world, receiver),
        values=made,
        file=pdf_file() if file else None,
        actor=world.actors[f"{provider}_manager"],
    )
