"""Addresses under 'Afspraken' for many at once, copies, templates and snippets."""

from django.urls import path

from dipportal.providers.views import many, stock

urlpatterns = [
    path("nieuw/meer/", many.many, name="many"),
    path("samen-voorstellen/", many.many_propose, name="many_propose"),
    path("samen/", many.batch_list, name="batches"),
    path("samen/<int:pk>/", many.batch, name="batch"),
    path("samen/<int:pk>/opnieuw/", many.batch_retry, name="batch_retry"),
    path("<int:pk>/kopie/", many.contract_copy, name="contract_copy"),
    path("sjablonen/", stock.template_list, name="templates"),
    path("sjablonen/nieuw/", stock.template_new, name="template_new"),
    path("sjablonen/<int:pk>/", stock.template_edit, name="template_edit"),
    path("sjablonen/<int:pk>/verwijderen/", stock.template_remove, name="template_remove"),
    path("tekstblokken/", stock.snippet_list, name="snippets"),
    path("tekstblokken/nieuw/", stock.snippet_new, name="snippet_new"),
    path("tekstblokken/<int:pk>/", stock.snippet_edit, name="snippet_edit"),
    path("tekstblokken/<int:pk>/verwijderen/", stock.snippet_remove, name="snippet_remove"),
]
