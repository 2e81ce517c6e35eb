"""How often: so many calls with one key, and so many refusals of one address."""

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from dipportal.organisations.visitors import network_of
from dipportal.ticketing.models_keys import SystemKey

log = structlog.get_logger(__name__)


class Counted(SimpleRateThrottle):
    """Counts over all processes that share the cache. While the cache is away, nobody is refused for it."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            log.warning("calls of the API are not counted", scope=self.scope, error=type(error).__name__)
            return True


class PerKey(Counted):
    """So many calls a minute with one key."""

    scope = "key"

    def get_rate(self) -> str:
        return f"{settings.API_CALLS_PER_MINUTE}/min"

    def get_cache_key(self, request: Request, _view: Any) -> str | None:
        return f"api-key-{request.auth.pk}" if isinstance(request.auth, SystemKey) else None


class RefusedPerAddress(Counted):
    """So many calls a minute that are refused for their key, from one address. It is asked about those only."""

    scope = "refused"

    def get_rate(self) -> str:
        return f"{settings.API_REFUSED_PER_MINUTE}/min"

    def get_cache_key(self, request: Request, _view: Any) -> str:
        return f"api-refused-{self.get_ident(request)}"

    def get_ident(self, request: Request) -> str:
        try:
            return network_of(request._request)
        except PermissionDenied:
            # Nobody knows whence: these count together.
            return "unknown"


class RefusedTooOften(Throttled):
    """Not for too many calls with a key, but for too many without a good one."""
