"""A folder as the broker: no message is lost, seen twice or seen half, however many processes use it."""

import multiprocessing
from multiprocessing.queues import Queue as Pipe
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

import dipportal.celery  # noqa: F401 - names the transport

MESSAGES = 150
WRITERS = 2
READERS = 2
LAST = "last"


def connection(folder: Path) -> Connection:
    for name in ("messages", "control"):
        (folder / name).mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.01,
    }
    return Connection("filesystem://", transport_options=options)


def write(folder: Path, writer: int) -> None:
    with connection(folder) as opened:
        queue = opened.SimpleQueue("work")
        for number in range(MESSAGES):
            queue.put(f"{writer}/{number}/{'x' * 2000}")
        queue.close()


def end(folder: Path) -> None:
    with connection(folder) as opened:
        queue = opened.SimpleQueue("work")
        for _reader in range(READERS):
            queue.put(LAST)
        queue.close()


def read(folder: Path, found: "Pipe[Any]") -> None:
    with connection(folder) as opened:
        queue = opened.SimpleQueue("work")
        while True:
            message = queue.get(timeout=60)
            message.ack()
            if message.payload == LAST:
                break
            found.put(message.payload.rsplit("/", 1)[0])
        queue.close()
    found.put(None)


def test_what_several_processes_write_is_read_once_and_whole(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    found: Pipe[Any] = start.Queue()
    readers = [start.Process(target=read, args=(tmp_path, found), daemon=True) for _reader in range(READERS)]
    writers = [start.Process(target=write, args=(tmp_path, writer), daemon=True) for writer in range(WRITERS)]
    for process in (*readers, *writers):
        process.start()
    for process in writers:
        process.join(timeout=60)
    # Also a process of its own: kombu takes what it bound once for bound in every folder.
    ender = start.Process(target=end, args=(tmp_path,), daemon=True)
    ender.start()
    seen: list[str] = []
    finished = 0
    while finished < READERS:
        one = found.get(timeout=60)
        finished += one is None
        seen += [one] if one else []
    for process in (*readers, *writers, ender):
        process.join(timeout=30)
        assert process.exitcode == 0, "a process that meets a half-written file ends on it"
    assert sorted(seen) == sorted(f"{writer}/{number}" for writer in range(WRITERS) for number in range(MESSAGES))
    assert list((tmp_path / "messages").iterdir()) == []


def test_messages_come_in_their_order(tmp_path: Path) -> None:
    with connection(tmp_path) as opened:
        queue = opened.SimpleQueue("work")
        for number in range(20):
            queue.put(number)
        assert [queue.get(timeout=20).payload for _number in range(20)] == list(range(20))
        with pytest.raises(Empty):
            queue.get(timeout=0.1)


def test_a_queue_that_is_deleted_gets_nothing_any_more(tmp_path: Path) -> None:
    with connection(tmp_path) as opened:
        channel = opened.channel()
        for queue in ("one", "two"):
            channel.exchange_declare("both", "fanout")
            channel.queue_declare(queue)
            channel.queue_bind(queue, "both", "")
        assert {bound.queue for bound in channel.get_table("both")} == {"one", "two"}
        channel.queue_delete("one")
        assert {bound.queue for bound in channel.get_table("both")} == {"two"}
