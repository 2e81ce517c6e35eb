"""Strict reading of environment variables: a misspelt value stops the start, with its name in the sentence.

Every variable may also be given as NAME_FILE, the path of a file with the value (a mounted secret).
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """Return the variable, or the stripped content of the file that NAME_FILE points to, or the default."""
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and file:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
    return default if value is None else value.strip()


def flag(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(TRUE | FALSE))}; it is {value!r}.")


def whole_number(name: str, default: int, *, least: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}; it is {value!r}.")
    return int(value)


def decimal_seconds(name: str, default: float) -> float:
    value = text(name)
    if not value:
        return default
    try:
        seconds = float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number of seconds; it is {value!r}.") from error
    if not 0 <= seconds < 86_400:
        raise ImproperlyConfigured(f"{name} must be between 0 and a day; it is {value!r}.")
    return seconds


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else default


def choice(name: str, default: str, allowed: set[str]) -> str:
    value = text(name) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(sorted(allowed))}; it is {value!r}.")
    return value


def web_address(name: str, default: str) -> str:
    """An http(s) address without a trailing slash."""
    value = (text(name) or default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ImproperlyConfigured(f"{name} must be an http(s) address; it is {value!r}.")
    return value


def database(name: str, default: str) -> dict[str, object]:
    """A DATABASE_URL as Django's dictionary (sqlite:///… or postgres://…)."""
    settings: dict[str, object] = environ.Env.db_url_config(text(name) or default)
    if settings.get("ENGINE") not in {"django.db.backends.sqlite3", "django.db.backends.postgresql"}:
        raise ImproperlyConfigured(f"{name} must be sqlite:///… or postgres://…")
    return settings


def mail(name: str) -> dict[str, object]:
    """An EMAIL_URL as Django's EMAIL_* settings; empty when none is given."""
    value = text(name)
    if not value:
        return {}
    try:
        settings: dict[str, object] = environ.Env.email_url_config(value)
    except (KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} must be smtp://, smtp+tls:// or smtp+ssl://") from error
    return settings
