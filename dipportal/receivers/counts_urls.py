from django.urls import path

from dipportal.receivers import counting, counts

urlpatterns = [
    path("", counts.counts, name="counts"),
    path("<int:pk>/", counts.count, name="count"),
    path("instellingen/", counting.counting, name="counting"),
]
