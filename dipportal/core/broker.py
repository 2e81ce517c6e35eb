"""What a broker that is away raises: asked for a connection, in the middle of a message, or in its folder."""

from kombu.exceptions import ChannelError, ConnectionError, KombuError
from redis.exceptions import RedisError

AWAY: tuple[type[Exception], ...] = (KombuError, ConnectionError, ChannelError, RedisError, OSError)
