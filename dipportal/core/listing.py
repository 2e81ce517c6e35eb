"""Lists: an order from an allow-list and one page of a queryset. The same for every list page."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    page: "Page[Row]"
    order: str  # the order in force as the query string spells it: 'date' or '-date'


def listing(
    request: HttpRequest,
    rows: QuerySet[Row],
    *,
    orders: dict[str, tuple[str, ...]],
    default: str,
    per_page: int = 25,
) -> Listing[Row]:
    """Sort and cut. `orders` maps a name in the query string to model fields; anything else is the default."""
    wanted = request.GET.get("order", default)
    name = wanted.removeprefix("-")
    if name not in orders:
        wanted, name = default, default.removeprefix("-")
    down = wanted.startswith("-")
    fields: list[Any] = [
        F(field).desc(nulls_last=True) if down else F(field).asc(nulls_last=True) for field in orders[name]
    ]
    page = Paginator(rows.order_by(*fields, "-pk" if down else "pk"), per_page).get_page(request.GET.get("page"))
    return Listing(page=page, order=wanted)
