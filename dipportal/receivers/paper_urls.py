"""Agreements on paper, their settlement sheets, and the standing agreements on file."""

from django.urls import path

from dipportal.receivers import paper, sheet

urlpatterns = [
    path("afspraken/<int:pk>/pdf/", paper.contract_paper, name="paper"),
    path("afspraken/<int:pk>/borderel/", sheet.sheet, name="sheet"),
    path("afspraken/<int:pk>/borderel/pdf/", sheet.sheet_pdf, name="sheet_pdf"),
    path("afspraken/<int:pk>/borderel/xlsx/", sheet.sheet_xlsx, name="sheet_xlsx"),
    path("mantelovereenkomsten/", paper.standing, name="standing"),
    path("mantelovereenkomsten/<int:pk>/bestand/", paper.standing_file, name="standing_file"),
]
