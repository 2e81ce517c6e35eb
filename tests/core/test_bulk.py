"""Many rows at once: what only a database can say of them."""

import secrets

import pytest
from django.db import connection, transaction

from dipportal.core import bulk
from dipportal.dip.models import RemoteRecord

LARGE = {"text": secrets.token_hex(8) * 400}


@pytest.mark.postgres
def test_large_values_of_many_rows_are_squeezed_the_quick_way_and_read_as_they_were(db: None) -> None:
    """The way is the transaction's alone; the server's own is another as a rule."""
    count = bulk.CHUNK * 11
    shared = {"kind": "contract", "digest": "a", "organisation_id": None}
    bulk.insert(RemoteRecord, ({**shared, "remote_id": str(number), "raw": LARGE} for number in range(count)))
    keys = list(RemoteRecord.objects.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        bulk.update(RemoteRecord, [{"id": pk, "raw": {**LARGE, "now": pk}} for pk in keys], ["raw"])
    ways = {"lz4"} if _has_lz4() else {"pglz"}
    assert _ways() == ways
    assert {row.pk: row.raw["now"] for row in RemoteRecord.objects.all()} == {pk: pk for pk in keys}


def _ways() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT pg_column_compression(raw) FROM dip_remoterecord")
        return {way for (way,) in cursor.fetchall()}


def _has_lz4() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        return bool(cursor.fetchone()[0])
