"""Who calls: a program with the key of a theater's ticketing system, in the header and nowhere else."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from dipportal.ticketing import keys
from dipportal.ticketing.models_keys import SystemKey


class KeyAuthentication(BaseAuthentication):
    """`request.auth` is the key. `request.user` stays nobody: a session that comes along opens nothing here."""

    @sensitive_variables()
    def authenticate(self, request: Request) -> tuple[AnonymousUser, SystemKey] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        key = keys.recognised(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed
        keys.note_use(key)
        return AnonymousUser(), key

    def authenticate_header(self, _request: Request) -> str:
        return "Bearer"


class HasKey(BasePermission):
    def has_permission(self, request: Request, _view: Any) -> bool:
        return isinstance(request.auth, SystemKey)
