"""Messages through Redis, with a worker that outlives it.

kombu's own transport, asked for a connection by a channel whose transport was let go of, stumbles over what is gone
(AttributeError) instead of saying so. Nobody expects that: a worker that loses Redis while it has a task in hand closes
such a channel, and ends. Said as the lost connection that it is, the worker does what it was about to: connect anew.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as ConnectionLost


class Channel(redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise ConnectionLost("the connection with the broker was given up")
        params: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]
        return params


class Transport(redis.Transport):
    Channel = Channel
