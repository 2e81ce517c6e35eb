"""DIP credentials at rest: MultiFernet with keys of their own, the first one encrypts, all of them decrypt."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Undecryptable(Exception):
    """None of the CREDENTIAL_KEYS opens this value."""


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Raises Undecryptable."""
    try:
        return _keys().decrypt(text.encode()).decode()
    except InvalidToken:
        raise Undecryptable from None


def rotate(text: str) -> str:
    """The same value under the first key. Raises Undecryptable."""
    try:
        return _keys().rotate(text.encode()).decode()
    except InvalidToken:
        raise Undecryptable from None
