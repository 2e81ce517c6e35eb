from __future__ import annotations

from django.urls import path, re_path

from dipportal.sandbox import control, dashboard, views

urlpatterns = [
    path("_sandbox/health", control.health),
    path("_sandbox/ledger", control.ledger),
    path("_sandbox/faults", control.faults),
    path("_sandbox/latency", control.latency),
    path("_sandbox/switches", control.switches),
    path("_sandbox/answer", control.answer),
    path("_sandbox/edit", control.edit),
    path("_sandbox/delete", control.delete),
    path("_sandbox/load", control.load),
    path("_sandbox/reset", control.reset),
    path("dashboard/", dashboard.home, name="home"),
    path("dashboard/style.css", dashboard.style, name="style"),
    path("dashboard/theaters/<int:theater_id>/", dashboard.theater, name="theater"),
    path("dashboard/theaters/<int:theater_id>/contracts/<int:contract_id>/", dashboard.proposal, name="proposal"),
    path("dashboard/theaters/<int:theater_id>/contracts/<int:contract_id>/approve", dashboard.approve, name="approve"),
    path("dashboard/theaters/<int:theater_id>/contracts/<int:contract_id>/reject", dashboard.reject, name="reject"),
    path("dashboard/organisations/<int:organisation_id>/", dashboard.organisation, name="organisation"),
    path("dashboard/contracts/<int:contract_id>/propose", dashboard.propose, name="propose"),
    path("dashboard/productions/<str:production_id>/", dashboard.production, name="production"),
    path("dashboard/productions/<str:production_id>/title", dashboard.retitle, name="retitle"),
    path("dashboard/performances/<int:number>/move", dashboard.move, name="move"),
    path("dashboard/performances/<int:number>/cancel", dashboard.cancel, name="cancel"),
    re_path(r"^", views.api),
]
