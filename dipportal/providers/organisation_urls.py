from django.urls import path

from dipportal.organisations import pages
from dipportal.organisations.enums import Side
from dipportal.providers import organisation_views

urlpatterns = [
    *pages.urls(Side.PROVIDER),
    path("dip/", organisation_views.dip_connection, name="dip_connection"),
    path("dip/testen/", organisation_views.dip_test, name="dip_test"),
    path("dip/verwijderen/", organisation_views.dip_remove, name="dip_remove"),
]
