"""Ticket counts as a spreadsheet."""

from django.urls import path

from dipportal.receivers import counts_sheet

urlpatterns = [
    path("", counts_sheet.sheet, name="counts_sheet"),
    path("bestand/", counts_sheet.file, name="counts_sheet_file"),
    path("opslaan/", counts_sheet.save, name="counts_sheet_save"),
    path("opgeslagen/", counts_sheet.saved, name="counts_sheet_saved"),
]
