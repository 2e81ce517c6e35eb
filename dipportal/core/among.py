"""Rows whose key is one of some others: the database looks those up once, and not for each row."""

from collections.abc import Collection
from typing import Any

from django.db.models import BooleanField, F, Func, Q, QuerySet, Subquery


class _OneOf(Func):
    """For PostgreSQL an array: of IN with a subquery it makes a join, which costs more to plan and more to do."""

    output_field = BooleanField()
    template, arg_joiner = "%(expressions)s", " IN "

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY")


def among(field: str, keys: "Collection[int] | QuerySet[Any]") -> Any:
    """A condition for `filter`: this key is one of those, or of these rows."""
    if isinstance(keys, QuerySet):
        return _OneOf(F(field), Subquery(keys.order_by().values("pk")))
    return Q(**{f"{field}__in": keys})
