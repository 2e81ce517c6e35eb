from django.urls import include, path

from dipportal.receivers import answers, compare, views

app_name = "receivers"
urlpatterns = [
    path("", views.start, name="start"),
    path("afspraken/", views.contracts, name="contracts"),
    path("afspraken/<int:pk>/", answers.contract, name="contract"),
    path("afspraken/<int:pk>/goedkeuren/", answers.approve, name="approve"),
    path("afspraken/<int:pk>/afkeuren/", answers.reject, name="reject"),
    path("afspraken/<int:pk>/vergelijken/", compare.compare, name="compare"),
    path("voorstellingen/", views.performances, name="performances"),
    path("zoeken/", views.search, name="search"),
    path("organisatie/", include("dipportal.receivers.organisation_urls")),
]
