from django.urls import path

from dipportal.receivers import counting, counts, keys, links

urlpatterns = [
    path("", counts.counts, name="counts"),
    path("<int:pk>/", counts.count, name="count"),
    path("<int:pk>/opnieuw/", counts.count_retry, name="count_retry"),
    path("<int:pk>/ontkoppelen/", links.unlink, name="unlink"),
    path("koppelen/", links.links, name="links"),
    path("systeem/", keys.ticketing_keys, name="ticketing_keys"),
    path("systeem/<int:pk>/intrekken/", keys.ticketing_key_revoke, name="ticketing_key_revoke"),
    path("instellingen/", counting.counting, name="counting"),
]
