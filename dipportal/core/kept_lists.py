"""Lists in statements that are kept: written once, and asked anew for each page.

Writing a statement takes Django longer than answering it takes the database. What is kept is the text with its values,
never a row, under all that it was made of: whose rows, what was chosen, which order, which page.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from django.core.paginator import Page
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_filters.constants import EMPTY_VALUES

from dipportal.core.filtering import Filters
from dipportal.core.listing import PER_PAGE, Counting, Listing, Order, Pages, asked_for, counting, most_counted

Row = TypeVar("Row", bound=Model)
Made = TypeVar("Made")

MOST_KEPT = 1_000
_kept: dict[Hashable, Any] = {}


def kept(key: Hashable | None, write: Callable[[], Made]) -> Made:
    """What was written under this key, or else is written now. Without a key nothing is kept."""
    if key is None:
        return write()
    found: Made | None = _kept.get(key)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        found = _kept[key] = write()
    return found


@dataclass(frozen=True)
class Source:
    """Where a list comes from. `rows` and those that are counted `beside` are made only when a statement is written.

    They may ask for MOMENT, which stands for now. `key`: all that they depend on, or None for what nobody asks twice.
    `read` reads the rows of these keys in that order; there are at most PER_PAGE.
    """

    key: Hashable | None
    rows: Callable[[], Any]
    beside: Callable[[], tuple[Any, ...]]
    read: Callable[[list[Any], Order], list[Any]]


def nothing_beside() -> tuple[Any, ...]:
    return ()


class KeptFilters(Filters):
    """What is chosen above such a list. The rows are made only when a statement is written.

    `whose`: all that `rows` depends on. They may ask for MOMENT.
    """

    # Choices that a kept statement may depend on: there are few, and many ask for the same.
    common: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: Any, *, whose: Hashable, rows: Callable[[], QuerySet[Any]], **more: Any) -> None:
        super().__init__(data, self._meta.model._default_manager.none(), **more)
        self.whose, self.rows = whose, rows

    @cached_property
    def key(self) -> Hashable | None:
        """What the chosen rows depend on; None where it is a choice that hardly anybody makes twice."""
        if not self.is_valid():
            return None
        made = {name: value for name, value in self.form.cleaned_data.items() if value not in EMPTY_VALUES}
        return (type(self), self.whose, *sorted(made.items())) if made.keys() <= self.common else None

    def chosen(self) -> QuerySet[Any]:
        """The rows that fit what was chosen."""
        self.queryset = self.rows()
        rows: QuerySet[Any] = self.qs
        return rows

    def source(
        self, read: Callable[[list[Any], Order], list[Any]], beside: Callable[[], tuple[Any, ...]] = nothing_beside
    ) -> Source:
        return Source(key=self.key, rows=self.chosen, beside=beside, read=read)


class KeptPages(Pages[Row]):
    def __init__(self, source: Source, order: Order, *, most: int, wanted: int) -> None:
        nothing: Any = ()
        super().__init__(nothing, PER_PAGE, most=most, wanted=wanted)
        self._source, self._order = source, order

    @cached_property
    def _found(self) -> tuple[list[int], list[Any]]:
        return self._ask(self._wanted)

    def _ask(self, number: int) -> tuple[list[int], list[Any]]:
        key = None if self._source.key is None else (self._source.key, self._order, number, self.most)
        return kept(key, lambda: self._written(number)).at(timezone.now()).answer()

    def _written(self, number: int) -> Counting:
        rows = self._source.rows()
        page = self._order.of(rows)[(number - 1) * self.per_page : number * self.per_page]
        return counting([rows, *self._source.beside()], page, most=self.most + 1)

    def page(self, number: int | str) -> "Page[Row]":
        valid = self.validate_number(number)
        # Another page than the one that was asked for: there were fewer rows.
        keys = self._found[1] if valid == self._wanted else self._ask(valid)[1]
        return Page(self._source.read(keys, self._order), valid, self)


def kept_listing(
    request: HttpRequest, source: Source, *, orders: dict[str, tuple[str, ...]], default: str
) -> Listing[Any]:
    """As `listing`, which see for `orders` and `default`."""
    wanted, order, number = asked_for(request, orders, default)
    pages: KeptPages[Any] = KeptPages(source, order, most=most_counted(number, PER_PAGE), wanted=number)
    return Listing(page=pages.get_page(request.GET.get("page", "")), order=wanted, beside=pages.beside)
