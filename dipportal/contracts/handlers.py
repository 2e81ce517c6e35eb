"""What happens to agreements when something happens in the catalogue."""

from dipportal.contracts import mirror
from dipportal.journal.actions import on
from dipportal.journal.models import ActorKind, Entry


@on("performance.moved", "performance.cancelled")
def follow_first_evening(entry: Entry) -> None:
    """Agreements are listed by their first evening. The pull does this itself, once for all that it found."""
    if entry.actor_kind != ActorKind.PULL:
        mirror.refresh_first({int(entry.target_id)})
