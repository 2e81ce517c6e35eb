"""A batch, a template and a snippet of a provider: ours, or the neighbour's that could leak."""

from typing import Any

from dipportal.contracts import batches, stock
from dipportal.contracts.models_batch import Batch, BatchRow, RowState, Snippet, TermsTemplate
from dipportal.organisations.models import Organisation
from tests.world import PARTAGE, World


def _owner(world: World, organisation: str) -> tuple[Organisation, Any]:
    return getattr(world, organisation), world.actors[f"{organisation}_editor"]


def batch(world: World, organisation: str = "agency", text: str = "Te laat.") -> Batch:
    """One concept that was to be proposed, and was refused."""
    provider, actor = _owner(world, organisation)
    concept = world.contract() if organisation == "agency" else world.rival_contract()
    token = f"{organisation}{concept.pk}"
    made = batches.make_proposals(provider=provider, concepts=[(concept, 1)], token=token, actor=actor)
    BatchRow.objects.filter(batch=made).update(state=RowState.REFUSED, code="stale", text=text)
    batches.finish(made)
    return made


def template(world: World, organisation: str = "agency", name: str = "Gewoon") -> TermsTemplate:
    provider, actor = _owner(world, organisation)
    values = {"name": name, "type": "partage", "theater": None, "terms": PARTAGE}
    return stock.create_template(provider=provider, values=values, actor=actor)


def snippet(
    world: World, organisation: str = "agency", title: str = "Techniek", text: str = "Opbouw 4 uur."
) -> Snippet:
    provider, actor = _owner(world, organisation)
    return stock.create_snippet(provider=provider, values={"title": title, "text": text}, actor=actor)
