"""Agreements on paper, their settlement sheets, and the standing agreements on file."""

from django.urls import path

from dipportal.providers.views import paper, sheet, standing

urlpatterns = [
    path("afspraken/<int:pk>/pdf/", paper.contract_paper, name="paper"),
    path("afspraken/<int:pk>/borderel/", sheet.sheet, name="sheet"),
    path("afspraken/<int:pk>/borderel/pdf/", sheet.sheet_pdf, name="sheet_pdf"),
    path("afspraken/<int:pk>/borderel/xlsx/", sheet.sheet_xlsx, name="sheet_xlsx"),
    path("mantelovereenkomsten/", standing.standing, name="standing"),
    path("mantelovereenkomsten/nieuw/", standing.standing_new, name="standing_new"),
    path("mantelovereenkomsten/<int:pk>/bewerken/", standing.standing_edit, name="standing_edit"),
    path("mantelovereenkomsten/<int:pk>/beeindigen/", standing.standing_end, name="standing_end"),
    path("mantelovereenkomsten/<int:pk>/bestand/", standing.standing_file, name="standing_file"),
]
