"""The one sandbox of this process, with everything its parts share."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dipportal.sandbox.clock import Clock
from dipportal.sandbox.faults import Faults
from dipportal.sandbox.ledger import Ledger
from dipportal.sandbox.spec import Spec
from dipportal.sandbox.store import Store
from dipportal.sandbox.world import build

# What DIP may do this way or that; the first value of each is the default.
SWITCHES: dict[str, tuple[Any, ...]] = {
    "create_answers": ("record", "bare-id"),
    "expires_in": (True, False),
    "type_change": ("refuse", "allow"),
    "timestamps": ("amsterdam", "utc"),
}


@dataclass
class Latency:
    ms: float = 0
    jitter: float = 0

    def wait(self) -> None:
        if self.ms or self.jitter:
            time.sleep((self.ms + random.uniform(0, self.jitter)) / 1000)


@dataclass
class Sandbox:
    store: Store
    spec: Spec
    scale: str
    seed: int
    today: date
    token_seconds: int = 3600
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    latency: Latency = field(default_factory=Latency)
    switches: dict[str, Any] = field(default_factory=lambda: {name: one[0] for name, one in SWITCHES.items()})
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store, self.clock)
        if self.store.get_meta("scale") is None:
            self.fill()
        else:
            self.scale = self.store.get_meta("scale")
            self.seed = self.store.get_meta("seed")
            self.today = date.fromisoformat(self.store.get_meta("today"))
            self.clock.days = self.store.get_meta("clock_days")

    def fill(self) -> None:
        """A new world in an emptied store; the clock's date becomes the world's."""
        self.clock.days = 0
        self.clock.days = (self.today - self.clock.now().date()).days
        with self.store.transaction():
            self.store.clear()
            build.fill(self.store, scale=self.scale, seed=self.seed, today=self.today)
            for key, value in (("scale", self.scale), ("seed", self.seed), ("clock_days", self.clock.days)):
                self.store.set_meta(key, value)
            self.store.set_meta("today", self.today.isoformat())

    def reset(self, *, scale: str | None = None, seed: int | None = None, today: date | None = None) -> None:
        self.scale = self.scale if scale is None else scale
        self.seed = self.seed if seed is None else seed
        self.today = self.today if today is None else today
        self.faults.clear()
        self.latency.ms = self.latency.jitter = 0
        for name, values in SWITCHES.items():
            self.switch(name, values[0])
        self.fill()

    def switch(self, name: str, value: Any) -> None:
        """Raises ValueError for an unknown switch or value."""
        if value not in SWITCHES.get(name, ()):
            raise ValueError(f"{name} must be one of {SWITCHES.get(name, 'the known switches')}")
        self.switches[name] = value
        if name == "timestamps":
            self.clock.zone = value

    @property
    def season_day(self) -> date:
        """The day that decides which season is running."""
        return self.clock.now().date()

    def token_generation(self) -> int:
        return int(self.store.get_meta("token_generation", 0))

    def expire_tokens(self) -> None:
        with self.store.transaction():
            self.store.set_meta("token_generation", self.token_generation() + 1)

    def producers_of(self, organisation: int | None) -> set[int]:
        """The producers for which an organisation may write: an agency's clients, or a producer itself."""
        clients = self.store.get_meta("clients", {}).get(str(organisation))
        if clients is not None:
            return set(clients)
        return set() if organisation is None else {organisation}


_current: Sandbox | None = None
_guard = threading.Lock()


def install(box: Sandbox) -> None:
    global _current
    with _guard:
        _current = box


def current() -> Sandbox:
    if _current is None:
        raise RuntimeError("the sandbox is not installed; start it with python -m dipportal.sandbox")
    return _current
