"""Real workers, killed for real while they write and send the weekly mails: one letter for each theater and reader."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dipportal.sandbox import server
from tests.dip.test_kill import Stage, database, wait_until
from tests.storms.receiver import DATA, REPLY, Post, mail_server

pytestmark = pytest.mark.processes
THEATERS, READERS = 8, 3
DEATHS = 10


class Weekly(Stage):
    """The processes of tests.notifications.weekly_stage."""

    module = "tests.notifications.weekly_stage"


@pytest.fixture(scope="module")
def running() -> Iterator[server.Running]:
    with server.start(scale="empty") as sandbox:
        yield sandbox


@pytest.fixture
def seed() -> int:
    return random.randrange(10**9)


@pytest.fixture
def post(seed: int) -> Iterator[Post]:
    with mail_server(0, random.Random(seed), slow=0.2) as running_post:
        yield running_post


@pytest.fixture
def stage(tmp_path: Path, running: server.Running, post: Post) -> Iterator[Weekly]:
    with database(tmp_path) as address:
        portal = Weekly(tmp_path, address, running)
        portal.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{post.port}"
        try:
            yield portal
        finally:
            portal.end()


def test_workers_killed_while_they_write_and_send(stage: Weekly, post: Post, seed: int) -> None:
    """Two workers, each of which writes and sends; one of them dies again and again, also in the middle of a mail."""
    stage.run("build", str(THEATERS))
    chance = random.Random(seed)
    steady = stage.worker()
    for death in range(DEATHS):
        worker = stage.worker()
        where, known = (DATA, REPLY)[death % 2], len(post.letters)
        with suppress(AssertionError):
            wait_until(lambda known=known, where=where: len(post.letters) > known and post.inside[where] > 0, seconds=6)
        time.sleep(chance.random() * 0.1)
        # Every other time both, so that nobody is there to finish it.
        stage.kill(worker)
        if death % 2:
            stage.kill(steady)
            steady = stage.worker()
    stage.kill(steady)
    rows = stage.run("settle")
    must_be_whole(rows, post, seed)
    assert sum(post.broken.values()) > 0, f"seed {seed}: no kill fell in a conversation"


def test_a_worker_killed_between_the_last_line_and_the_answer(stage: Weekly, post: Post, seed: int) -> None:
    """The mail is delivered and nobody knows: the copy that follows is known by its Message-ID."""
    stage.run("build", "1")
    post.slow = 6.0
    worker = stage.worker()
    wait_until(lambda: post.inside[REPLY] > 0, seconds=40)
    stage.kill(worker)
    post.slow = 0.0
    rows = stage.run("settle")
    assert len(post.letters) > READERS, "there is no copy of the one that was in hand"
    must_be_whole(rows, post, seed, theaters=1)


def must_be_whole(rows: list[list[Any]], post: Post, seed: int, *, theaters: int = THEATERS) -> None:
    """What the mail server took against who is to hear of it: one Message-ID for each theater, reader and week."""
    about = Counter((key, recipient) for key, recipient, _message, _state in rows)
    assert len(about) == len(rows) == theaters * READERS, f"seed {seed}: {about}"
    assert len({key for key, _recipient in about}) == theaters
    assert {state for *_row, state in rows} == {"done"}, f"seed {seed}: {rows}"
    ours = {message: recipient for _key, recipient, message, _state in rows}
    came = {letter.message_id: letter.recipient for letter in post.letters}
    assert came == ours, f"seed {seed}: letters that nobody wrote, or that never came"
