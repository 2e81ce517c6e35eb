"""Several reads of DIP at once, within the one pace of the connection: for lists of lists, as productions are.

Threads do nothing but HTTP. Turns, the token, the breaker and what an answer means stay with the thread that runs the
pull, so the rules of gate.py hold as they do for one call after the other, and no thread needs the database.
"""

import heapq
import itertools
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.utils import translation

from dipportal.dip.client import Bearer, Client, Exchange, Verdict
from dipportal.dip.errors import DipError

Key = TypeVar("Key")


class Reader(Protocol):
    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any: ...


@dataclass(order=True)
class Call(Generic[Key]):
    """One read to be done. Lower ranks leave first, and of one rank what was asked first."""

    rank: int
    serial: int
    key: Key = field(compare=False)
    path: str = field(compare=False)
    params: dict[str, str] | None = field(compare=False, default=None)
    token: str = field(compare=False, default="", repr=False)
    again: bool = field(compare=False, default=False)


@dataclass(frozen=True)
class Answer(Generic[Key]):
    """`body` is the JSON, unless `error` says why there is none."""

    key: Key
    body: Any = None
    error: DipError | None = None


class Reading(Generic[Key]):
    """Reads that are asked for, also while the answers to others come in. At most DIP_CONCURRENCY are under way.

    A reader that is no Client (records in memory) is asked one after the other.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._most = settings.DIP_CONCURRENCY if isinstance(reader, Client) else 1
        self._waiting: list[Call[Key]] = []
        self._serial = itertools.count()

    def ask(self, key: Key, path: str, params: dict[str, str] | None = None, *, rank: int = 0) -> None:
        heapq.heappush(self._waiting, Call(rank, next(self._serial), key, path, params))

    def answers(self) -> Generator[Answer[Key], None, None]:
        """Every answer as it comes, until nothing is asked any more. To be closed by whoever stops before that.

        Must not be advanced inside a transaction (InsideTransaction).
        """
        if self._most > 1 and isinstance(self._reader, Client):
            return self._side_by_side(self._reader)
        return self._one_by_one()

    def _one_by_one(self) -> Generator[Answer[Key], None, None]:
        while self._waiting:
            call = heapq.heappop(self._waiting)
            try:
                answer = Answer(call.key, self._reader.read(call.path, call.params))
            except DipError as error:
                answer = Answer(call.key, error=error)
            yield answer

    def _side_by_side(self, client: Client) -> Generator[Answer[Key], None, None]:
        under_way: dict[Future[Exchange], Call[Key]] = {}
        language = translation.get_language()
        with ThreadPoolExecutor(max_workers=self._most, thread_name_prefix="dip") as threads:

            def leave() -> Generator[Answer[Key], None, None]:
                """As many calls as may be; the answers are of those that may not leave."""
                while self._waiting and len(under_way) < self._most:
                    call = heapq.heappop(self._waiting)
                    try:
                        call.token = client.turn(stale=call.token)
                    except DipError as error:
                        yield Answer(call.key, error=error)
                        continue
                    under_way[threads.submit(_sent, client, call, language)] = call

            try:
                while self._waiting or under_way:
                    yield from leave()
                    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                        call = under_way.pop(future)
                        answer = self._settled(client, call, future.result())
                        if answer is not None and answer.error is None:
                            # The next one is on its way while this answer is looked at, which may take a while. After
                            # an error whoever reads decides first whether anything is to leave at all.
                            yield from leave()
                        if answer is not None:
                            yield answer
            finally:
                # What is under way has left: how it ends counts for the pace and the breaker, though nobody reads it.
                for future in under_way:
                    with suppress(DipError):
                        client.settle(future.result())

    def _settled(self, client: Client, call: Call[Key], exchange: Exchange) -> Answer[Key] | None:
        """None: the token is not accepted any more, and the call goes once more with another."""
        if exchange.verdict is Verdict.NEW_TOKEN and not call.again:
            call.again = True
            heapq.heappush(self._waiting, call)
            return None
        try:
            return Answer(call.key, client.settle(exchange))
        except DipError as error:
            return Answer(call.key, error=error)


def _sent(client: Client, call: Call[Any], language: str | None) -> Exchange:
    """In a thread: what is said about a broken connection is in the language of the pull."""
    with translation.override(language):
        return client.send("GET", call.path, auth=Bearer(call.token), params=call.params)
