"""A folder as Celery's broker, safe for several processes.

kombu's own transport creates a file, then locks it, then writes it: a reader that comes in between finds an empty file
and its process ends on it (seen with kombu 5.7: the worker stopped within minutes). Here a message and a table of
queues are written beside their place and moved into it, so whoever sees a file sees all of it. No locks on messages:
moving one away is what decides who got it.
"""

import fcntl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

Queues = list[list[str]]


def write_whole(file: Path, text: str) -> None:
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        # Sorted by name is sorted by time: the clock is that of this machine, the same for all its processes.
        name = f"{time.monotonic_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(entry.name for entry in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another reader was first
            text = taken.read_text(encoding="utf-8")
            taken.unlink()
            return loads(text)
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        return [filesystem.exchange_queue_t(*queue) for queue in self._queues(exchange)]

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        wanted = [routing_key or "", pattern or "", queue or ""]
        self._change(exchange, lambda queues: queues if wanted in queues else [wanted, *queues])

    def _delete(
        self, queue: str, exchange: str, routing_key: str | None, pattern: str | None, *_args: Any, **_kwargs: Any
    ) -> None:
        self._purge(queue)
        gone = [routing_key or "", pattern or "", queue or ""]
        self._change(exchange, lambda queues: [kept for kept in queues if kept != gone])

    def _table(self, exchange: str) -> Path:
        return Path(self.control_folder) / f"{exchange}.exchange"

    def _queues(self, exchange: str) -> Queues:
        try:
            return [list(queue) for queue in loads(self._table(exchange).read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []

    def _change(self, exchange: str, change: Callable[[Queues], Queues]) -> None:
        with self._only_one(exchange):
            before = self._queues(exchange)
            after = change(before)
            if after != before:
                write_whole(self._table(exchange), dumps(after))

    @contextmanager
    def _only_one(self, exchange: str) -> Iterator[None]:
        """Two that change the same table at once would lose one of the changes."""
        Path(self.control_folder).mkdir(parents=True, exist_ok=True)
        with self._table(exchange).with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    Channel = Channel
