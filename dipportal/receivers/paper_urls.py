"""Agreements on paper, and the standing agreements on file."""

from django.urls import path

from dipportal.receivers import paper

urlpatterns = [
    path("afspraken/<int:pk>/pdf/", paper.contract_paper, name="paper"),
    path("mantelovereenkomsten/", paper.standing, name="standing"),
    path("mantelovereenkomsten/<int:pk>/bestand/", paper.standing_file, name="standing_file"),
]
