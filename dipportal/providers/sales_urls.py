"""The weekly sales mail, and the sales as a file."""

from django.urls import path

from dipportal.providers.views import counts, sales_mails, season_counts

urlpatterns = [
    path("producties/<int:pk>/kaartstanden.<str:kind>", counts.production_counts_file, name="production_counts_file"),
    path("kaartstanden/<str:what>.<str:kind>", season_counts.counts_file, name="counts_file"),
    path("kaartstanden/verkoopmail/", sales_mails.sales_mails, name="sales_mails"),
    path("kaartstanden/verkoopmail/nieuw/", sales_mails.sales_mail_new, name="sales_mail_new"),
    path("kaartstanden/verkoopmail/<int:pk>/", sales_mails.sales_mail_edit, name="sales_mail_edit"),
    path("kaartstanden/verkoopmail/<int:pk>/stoppen/", sales_mails.sales_mail_stop, name="sales_mail_stop"),
    path("kaartstanden/verkoopmail/<int:pk>/opnieuw/", sales_mails.sales_mail_again, name="sales_mail_again"),
]
