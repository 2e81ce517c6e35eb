"""Who may log in, and the tokens they get: JWTs signed with HS256, made with the standard library only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from dipportal.sandbox.calls import Refusal

# No secret: this key signs tokens that only this sandbox believes.
_KEY = b"dip-sandbox-signing-key"


@dataclass(frozen=True)
class CredentialSet:
    client_id: str
    client_secret: str
    kind: str  # agency, producer or ticketing
    organisation: int | None
    name: str
    # Of a ticketing credential: the theaters that it reports for; None for one that serves them all.
    theaters: frozenset[int] | None = None

    @property
    def has_contracts(self) -> bool:
        """ASSUMED for a producer: DIP's document describes the calls on agreements as for agencies."""
        return self.kind in ("agency", "producer")

    def serves(self, theater_id: int) -> bool:
        """ASSUMED: what a theater's ticketing credential reports and reads is of its own theaters."""
        return self.theaters is None or theater_id in self.theaters


CREDENTIAL_SETS = {
    one.client_id: one
    for one in (
        CredentialSet("demo-impresariaat", "sandbox-impresariaat", "agency", 41, "Impresariaat Lantaarnhof"),
        CredentialSet("demo-producent", "sandbox-producent", "producer", 201, "Stichting Toneelwerf Noorderzijl"),
        CredentialSet("demo-kassa", "sandbox-kassa", "ticketing", None, "Kaartsysteem Kassa Zeven"),
        CredentialSet("demo-theater-2", "sandbox-theater-2", "ticketing", None, "Kassa van theater 2", frozenset({2})),
        CredentialSet("demo-theater-8", "sandbox-theater-8", "ticketing", None, "Kassa van theater 8", frozenset({8})),
    )
}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sign(text: str) -> str:
    return _encode(hmac.new(_KEY, text.encode(), hashlib.sha256).digest())


def issue(credential: CredentialSet, *, seconds: int, generation: int, serial: int) -> str:
    now = int(time.time())
    claims = {
        "iss": "https://sandbox.example/dip-external-api",
        "sub": credential.client_id,
        "client_id": credential.client_id,
        "organisation_id": credential.organisation,
        "nbf": now,
        "iat": now,
        "exp": now + seconds,
        "gen": generation,
        "jti": hashlib.sha256(f"{credential.client_id}/{serial}".encode()).hexdigest()[:32],
    }
    head = _encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "sandbox"}).encode())
    text = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{text}.{_sign(text)}"


def _claims(token: str) -> dict[str, Any] | None:
    text, _, signature = token.rpartition(".")
    if not text or not hmac.compare_digest(_sign(text).encode(), signature.encode()):
        return None
    claims: dict[str, Any] = json.loads(_decode(text.partition(".")[2]))
    return claims


def _unauthorized(description: str) -> Refusal:
    return Refusal(description, status=401, error="Unauthorized")


def identify(authorization: str, *, generation: int) -> CredentialSet:
    """The set behind an Authorization header; 401 for none, garbage, an expired or a withdrawn token."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("No bearer token")
    claims = _claims(token.strip())
    if claims is None:
        raise _unauthorized("The token is not valid")
    if claims["exp"] <= time.time() or claims["gen"] < generation:
        raise _unauthorized("The token has expired")
    return CREDENTIAL_SETS[claims["sub"]]


def log_in(form: dict[str, str]) -> CredentialSet:
    credential = CREDENTIAL_SETS.get(form["client_id"])
    given = form["client_secret"].encode()
    if credential is None or not hmac.compare_digest(credential.client_secret.encode(), given):
        raise Refusal("Unknown client or wrong secret", status=401, error="invalid_client")
    return credential
