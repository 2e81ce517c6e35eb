from django.urls import include, path

from dipportal.providers.views import compare, contracts, drafting, finder, performances, productions, start, sync

app_name = "providers"
urlpatterns = [
    path("", start.start, name="start"),
    path("producties/", productions.production_list, name="productions"),
    path("producties/nieuw/", productions.production_new, name="production_new"),
    path("producties/<int:pk>/", productions.production, name="production"),
    path("producties/<int:pk>/bewerken/", productions.production_edit, name="production_edit"),
    path("producties/<int:pk>/annuleren/", productions.production_cancel, name="production_cancel"),
    path("producties/<int:pk>/voorstellingen/nieuw/", performances.performance_new, name="performance_new"),
    path("voorstellingen/", performances.performance_list, name="performances"),
    path("voorstellingen/zalen/", performances.halls, name="halls"),
    path("voorstellingen/<int:pk>/bewerken/", performances.performance_edit, name="performance_edit"),
    path("voorstellingen/<int:pk>/annuleren/", performances.performance_cancel, name="performance_cancel"),
    path("afspraken/", contracts.contract_list, name="contracts"),
    path("afspraken/nieuw/", drafting.contract_new, name="contract_new"),
    path("afspraken/<int:pk>/", contracts.contract, name="contract"),
    path("afspraken/<int:pk>/bewerken/", drafting.contract_edit, name="contract_edit"),
    path("afspraken/<int:pk>/voorstellen/", contracts.propose, name="contract_propose"),
    path("afspraken/<int:pk>/intrekken/", contracts.withdraw, name="contract_withdraw"),
    path("afspraken/<int:pk>/vergelijken/", compare.compare, name="compare"),
    path("afspraken/<int:pk>/nieuwe-versie/", contracts.amend, name="contract_amend"),
    path("theaters/", finder.finder, name="finder"),
    path("theaters/leden/", finder.members, name="members"),
    path("zoeken/", finder.search, name="search"),
    path("synchronisatie/", sync.sync, name="sync"),
    path("synchronisatie/nu/", sync.sync_now, name="sync_now"),
    path("synchronisatie/opnieuw/<int:pk>/", sync.operation_retry, name="operation_retry"),
    path("synchronisatie/onze/<int:pk>/", sync.operation_put_ours, name="operation_put_ours"),
    path("afspraken/", include("dipportal.providers.many_urls")),
    path("organisatie/", include("dipportal.providers.organisation_urls")),
]
