"""For the machinery around the portal: is this process alive, and can it serve?"""

from celery import current_app
from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from kombu.exceptions import OperationalError

from dipportal.organisations.areas import public


@public(methods=("GET",))
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    """Knows no dependencies: a database that is away is no reason to restart this process."""
    return JsonResponse({"status": "ok"})


@public(methods=("GET",))
@never_cache
def ready(_request: HttpRequest) -> JsonResponse:
    """200 when everything answers, else 503 with the name of what does not; no addresses, no errors in words."""
    database = _database_answers()
    checks = {"database": database, "migrations": database and _migrations_applied(), "broker": _broker_answers()}
    good = all(checks.values())
    return JsonResponse({"status": "ok" if good else "unavailable", **checks}, status=200 if good else 503)


def _database_answers() -> bool:
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _migrations_applied() -> bool:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except (OSError, OperationalError):
        return False
    return True
