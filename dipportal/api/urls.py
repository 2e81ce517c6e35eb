from django.urls import path, re_path

from dipportal.api import views, wire

app_name = "api"
urlpatterns = [
    path(wire.TICKETS, views.Tickets.route(), name="tickets"),
    path(wire.RESERVATIONS, views.Reservations.route(), name="reservations"),
    path(wire.BLOCKED, views.BlockedSeats.route(), name="blocked_seats"),
    path("performances", views.Performances.route(), name="performances"),
    re_path(r"^", views.Nothing.route(), name="nothing"),
]
