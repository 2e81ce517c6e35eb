"""The catalogue for administrators. Reference data is DIP's and only shown; who runs a theater or acts for a producer
is decided here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dipportal.catalogue import access
from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.core.read_only import NotMadeHere, ReadOnly
from dipportal.organisations.actors import Actor, staff


def _actor(request: HttpRequest) -> Actor:
    return staff(request.user)  # type: ignore[arg-type]


@admin.register(Theater)
class TheaterAdmin(NotMadeHere):
    list_display = ("name", "city", "id", "dip_member", "receiver")
    list_filter = ("dip_member", "kind", "province")
    search_fields = ("name", "city", "=id")
    list_select_related = ("receiver",)
    fields = ("id", "name", "city", "province", "kind", "dip_member", "missing_since", "receiver")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("id", "name", "city", "province", "kind", "dip_member", "missing_since")

    def save_model(self, request: HttpRequest, obj: Theater, form: Any, change: bool) -> None:
        access.set_receiver(obj, form.cleaned_data["receiver"], actor=_actor(request))


@admin.register(Producer)
class ProducerAdmin(NotMadeHere):
    list_display = ("name", "id", "kind")
    search_fields = ("name", "=id")
    filter_horizontal = ("providers",)
    fields = ("id", "name", "kind", "missing_since", "providers")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("id", "name", "kind", "missing_since")

    def save_model(self, request: HttpRequest, obj: Producer, form: Any, change: bool) -> None:
        """Its columns are DIP's: there is nothing to save."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        access.set_providers(form.instance, form.cleaned_data["providers"], actor=_actor(request))


@admin.register(Hall)
class HallAdmin(ReadOnly):
    list_display = ("name", "theater", "id")
    search_fields = ("name", "theater__name", "=id")
    list_select_related = ("theater",)


@admin.register(Genre)
class GenreAdmin(ReadOnly):
    list_display = ("name", "id")
    search_fields = ("name",)


@admin.register(Production)
class ProductionAdmin(ReadOnly):
    list_display = ("title", "season", "producer", "dip_id", "cancelled_at", "missing_since")
    list_filter = ("season",)
    search_fields = ("title", "dip_id")
    list_select_related = ("producer",)


@admin.register(Performance)
class PerformanceAdmin(ReadOnly):
    list_display = ("starts_at", "production", "theater", "status", "number")
    list_filter = ("status", "kind")
    search_fields = ("production__title", "theater__name", "=number")
    list_select_related = ("production", "theater")
    date_hierarchy = "starts_at"
