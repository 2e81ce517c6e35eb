"""A worker outlives its Redis. That it does so among real processes is shown in tests/storms."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection
from kombu.message import Message
from kombu.transport.virtual import QoS

import dipportal.celery  # noqa: F401 - registers the transport
from dipportal.core import redis_broker


def channel_let_go_of() -> Any:
    """A channel as it is after the connection was lost: its transport belongs to nobody any more."""
    channel = redis_broker.Channel.__new__(redis_broker.Channel)
    channel.__dict__["connection"] = SimpleNamespace(client=None)
    channel.__dict__["closed"] = True
    channel._pool = None
    return channel


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_addresses_of_redis_lead_to_this_transport(scheme: str) -> None:
    assert isinstance(Connection(f"{scheme}://127.0.0.1:1/0").transport, redis_broker.Transport)


def test_a_channel_that_was_let_go_of_says_that_the_connection_is_lost() -> None:
    lost = Connection("redis://127.0.0.1:1/0").connection_errors
    with pytest.raises(lost):
        channel_let_go_of().pool  # noqa: B018 - the access is what is tried


def test_an_answer_to_a_message_of_a_lost_connection_ends_no_worker() -> None:
    channel = channel_let_go_of()
    channel._qos = redis_broker.redis.QoS.__new__(redis_broker.redis.QoS)
    channel._qos.channel = channel
    assert isinstance(channel._qos, QoS)
    message = Message(channel=channel, delivery_tag="one")
    lost = Connection("redis://127.0.0.1:1/0").connection_errors
    message.ack_log_error(logging.getLogger(__name__), lost)
    assert not message.acknowledged
