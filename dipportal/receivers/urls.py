from django.urls import include, path

from dipportal.receivers import answers, compare, counters, many, views, yields

app_name = "receivers"
urlpatterns = [
    path("", views.start, name="start"),
    path("afspraken/", views.contracts, name="contracts"),
    path("afspraken/beantwoorden/", many.answers, name="answers"),
    path("afspraken/beantwoord/", many.answered, name="answered"),
    path("afspraken/<int:pk>/", answers.contract, name="contract"),
    path("afspraken/<int:pk>/goedkeuren/", answers.approve, name="approve"),
    path("afspraken/<int:pk>/afkeuren/", answers.reject, name="reject"),
    path("afspraken/<int:pk>/aanpassen/", counters.counter, name="counter"),
    path("afspraken/<int:pk>/opbrengst/", yields.contract_yield, name="contract_yield"),
    path("afspraken/<int:pk>/intrekken/", counters.retract, name="retract"),
    path("afspraken/<int:pk>/terugnemen/", answers.undo, name="undo"),
    path("afspraken/<int:pk>/vergelijken/", compare.compare, name="compare"),
    path("voorstellingen/", views.performances, name="performances"),
    path("kaartstanden/", include("dipportal.receivers.counts_urls")),
    path("zoeken/", views.search, name="search"),
    path("", include("dipportal.receivers.paper_urls")),
    path("kaartstanden/werkblad/", include("dipportal.receivers.sheet_urls")),
    path("organisatie/", include("dipportal.receivers.organisation_urls")),
]
