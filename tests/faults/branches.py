"""Which branches were reached: a harness that never comes to them proves nothing about them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from dipportal.dip import gate, push_catalogue, push_contracts, pushing
from dipportal.dip.client import Client
from dipportal.outbox import drain


@contextmanager
def watching(seen: Counter[str]) -> Iterator[None]:
    """Count the branches into `seen`, by wrapping what stands at them."""

    def note(module: Any, name: str, tell: Callable[[Any, tuple[Any, ...]], str | None]) -> Any:
        inner = getattr(module, name)

        def wrapped(*args: Any, **more: Any) -> Any:
            found = inner(*args, **more)
            branch = tell(found, args)
            if branch:
                seen[branch] += 1
            return found

        return mock.patch.object(module, name, wrapped)

    def looked_up(found: Any, _args: Any) -> str:
        return "not found, so created again" if found is None else "adopted by look-up"

    with ExitStack() as stack:
        for one in (
            note(push_contracts, "look_up", looked_up),
            note(push_catalogue, "_look_up_production", looked_up),
            note(push_catalogue, "_look_up_performance", looked_up),
            note(push_contracts, "_as_seen", lambda _found, _args: "already as wanted"),
            note(gate, "hold_off", lambda _found, _args: "slowed down"),
            note(drain, "quarantine", lambda _found, _args: "quarantine"),
            _renewals(seen),
            _settled(seen),
            _lost(seen),
        ):
            stack.enter_context(one)
        yield


def _renewals(seen: Counter[str]) -> Any:
    inner = Client._token

    def token(self: Client, *, stale: str = "") -> str:
        found = inner(self, stale=stale)
        if stale:
            seen["token renewed"] += 1
        return found

    return mock.patch.object(Client, "_token", token)


def _settled(seen: Counter[str]) -> Any:
    inner = drain.Claim.settle

    def settle(self: Any, outcome: drain.Outcome) -> None:
        try:
            inner(self, outcome)
        except drain.ClaimLost:
            seen["claim lost at the end"] += 1
            raise
        seen[f"{outcome.state}: {outcome.code}" if outcome.code else str(outcome.state)] += 1

    return mock.patch.object(drain.Claim, "settle", settle)


def _lost(seen: Counter[str]) -> Any:
    inner = drain.Claim.write

    def write(self: Any, **values: Any) -> None:
        try:
            inner(self, **values)
        except drain.ClaimLost:
            seen["claim lost before the call"] += 1
            raise

    return mock.patch.object(drain.Claim, "write", write)


assert pushing  # the module whose branches these are
