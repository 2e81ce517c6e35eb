"""What a manager does with the DIP connection: save, test, remove. The secret goes in and never comes out.

A theater has a ticketing credential instead, which an administrator enters: the same row, for reporting only.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Theater
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.dip import count_reports, crypto, gate, operations, wire
from dipportal.dip.client import Client
from dipportal.dip.errors import DipError
from dipportal.dip.models import Connection
from dipportal.dip.tasks import wake
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Organisation

_UNTRIED: dict[str, Any] = {
    "token_encrypted": "",
    "token_expires_at": None,
    "token_lease": "",
    "token_lease_until": None,
    "next_call_at": None,
    **gate.UNTROUBLED,
    "tested_at": None,
    "test_ok": None,
    "test_text": "",
}


def current(organisation: Organisation) -> Connection | None:
    return Connection.objects.visible_to(organisation).active().first()


def save_connection(organisation: Organisation, *, client_id: str, secret: str, actor: Actor) -> Connection:
    """Store the credentials. An empty secret keeps the one that is stored, as long as the client id is the same.

    Raises NotAllowed (not a manager of this organisation) and Invalid.
    """
    _must_manage(organisation, actor)
    client_id, secret = client_id.strip(), secret.strip()
    if not client_id:
        raise Invalid(fields={"client_id": gettext_lazy("Fill in the client id that DIP gave you.")})
    with transaction.atomic():
        before = Connection.objects.select_for_update(of=("self",)).filter(organisation=organisation, active=True)
        connection = before.first() or Connection(organisation=organisation)
        same_set = connection.client_id == client_id
        if not secret and not (same_set and connection.secret_encrypted):
            raise Invalid(fields={"secret": gettext_lazy("Fill in the secret that belongs to this client id.")})
        if not same_set:
            # Another set may belong to another organisation in DIP: what was seen with the old one says nothing.
            connection.contracts_watermark = ""
            connection.last_good_pull_at = None
        if secret:
            connection.secret_encrypted = crypto.encrypt(secret)
        connection.client_id = client_id
        for name, value in _UNTRIED.items():
            setattr(connection, name, value)
        connection.save()
        record("dip.connection_saved", connection, actor=actor, fields={"client_id": client_id})
        operations.wake_for_connection(organisation)
        count_reports.catch_up(organisation)
        wake()
    return connection


def remove(connection: Connection, *, actor: Actor) -> None:
    """Stop using the connection and forget its secret. Operations wait until there is another one."""
    _must_manage(connection.organisation, actor)
    with transaction.atomic():
        rows = Connection.objects.filter(pk=connection.pk, active=True)
        if rows.update(active=False, secret_encrypted="", **_UNTRIED) == 1:
            record("dip.connection_removed", connection, actor=actor, fields={"client_id": connection.client_id})
    connection.refresh_from_db()


def test_connection(connection: Connection, *, actor: Actor) -> Connection:
    """Log in anew and make one reading call; the result stands in `test_ok` and, in words, `test_text`.

    The words, and those of what goes wrong on the way, are kept for all who read them later: in the portal's language.
    """
    _must_manage(connection.organisation, actor)
    # Somebody who tests wants an answer now, also when the connection was resting.
    Connection.objects.filter(pk=connection.pk).update(**gate.UNTROUBLED)
    with translation.override(settings.LANGUAGE_CODE):
        good, text = _try(connection)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(tested_at=timezone.now(), test_ok=good, test_text=text)
        record("dip.connection_tested", connection, actor=actor, fields={"ok": good})
        if good:
            operations.wake_for_connection(connection.organisation)
            count_reports.catch_up(connection.organisation)
            wake()
    connection.refresh_from_db()
    return connection


def _try(connection: Connection) -> tuple[bool, str]:
    with Client(connection) as dip:
        try:
            dip.log_in_anew()
        except DipError as error:
            return False, error.text
        if connection.reports:
            return _try_theater(dip, connection.organisation)
        try:
            agreements = dip.read(wire.CONTRACTS, wire.modified_since(timezone.now()))
        except DipError as error:
            return False, _("Logging in works, but reading agreements does not. %(text)s") % {"text": error.text}
    if not isinstance(agreements, list):
        return False, _("Logging in works, but the list of agreements cannot be read.")
    return True, _("Logging in and reading agreements work (%(address)s).") % {"address": settings.DIP_URL}


def _try_theater(dip: Client, organisation: Organisation) -> tuple[bool, str]:
    """Of a ticketing credential: that it is let in, and sees the theater. A report of nothing would be a report."""
    theater = Theater.objects.filter(receiver=organisation).order_by("pk").first()
    if theater is None:
        return False, _("Logging in works, but this organisation has no theater yet to report for.")
    try:
        found = dip.read(wire.theater_path(theater.pk))
    except DipError as error:
        return False, _("Logging in works, but reading the theater does not. %(text)s") % {"text": error.text}
    if wire.id_in(found) != str(theater.pk):
        return False, _("Logging in works, but what DIP says of the theater cannot be read.")
    text = _("Logging in works, and DIP knows %(theater)s (%(address)s). Whether it takes counts shows with the first.")
    return True, text % {"theater": theater.name, "address": settings.DIP_URL}


def _must_manage(organisation: Organisation, actor: Actor) -> None:
    """A manager of the organisation, or an administrator who acts for none."""
    is_administrator = actor.organisation is None and actor.user is not None and actor.user.is_staff
    if not is_administrator and not actor.acts_for(organisation, Role.MANAGER):
        raise NotAllowed


def rotate_all() -> tuple[int, list[int]]:
    """Put every secret and token under the first key. Returns how many, and the connections no key opens."""
    rotated, lost = 0, []
    for pk in Connection.objects.exclude(secret_encrypted="").values_list("pk", flat=True):
        with transaction.atomic():
            row = Connection.objects.select_for_update(of=("self",)).get(pk=pk)
            try:
                row.secret_encrypted = crypto.rotate(row.secret_encrypted)
            except crypto.Undecryptable:
                lost.append(pk)
                continue
            row.token_encrypted = _rotated_token(row.token_encrypted)
            row.save(update_fields=["secret_encrypted", "token_encrypted"])
        rotated += 1
    return rotated, lost


def _rotated_token(text: str) -> str:
    """A token that no key opens is forgotten: whoever needs one logs in anew."""
    try:
        return crypto.rotate(text) if text else ""
    except crypto.Undecryptable:
        return ""
