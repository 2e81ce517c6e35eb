from django.urls import path

from dipportal.receivers import counting, counts, links

urlpatterns = [
    path("", counts.counts, name="counts"),
    path("<int:pk>/", counts.count, name="count"),
    path("<int:pk>/ontkoppelen/", links.unlink, name="unlink"),
    path("koppelen/", links.links, name="links"),
    path("instellingen/", counting.counting, name="counting"),
]
