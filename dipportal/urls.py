"""The addresses. Dutch words in the path, English names in the code."""

from django.contrib import admin
from django.urls import include, path

from dipportal.dip import metrics
from dipportal.organisations import admin_site, health

admin_site.prepare()

handler400 = "dipportal.api.outside.bad_request"
handler404 = "dipportal.api.outside.not_found"
handler500 = "dipportal.api.outside.server_error"

urlpatterns = [
    path("", include("dipportal.organisations.urls")),
    path("aanbieder/<slug:organisation>/", include("dipportal.providers.urls")),
    path("afnemer/<slug:organisation>/", include("dipportal.receivers.urls")),
    path("", include("dipportal.notifications.urls")),
    path("", include("dipportal.contracts.urls")),
    path("api/v1/", include("dipportal.api.urls")),
    path("account/", include("allauth.urls")),
    path("demo/", include("dipportal.demo.urls")),
    path("beheer/", admin.site.urls),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("health/metrics", metrics.metrics, name="health_metrics"),
]
