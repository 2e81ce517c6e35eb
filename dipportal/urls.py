"""The addresses. Dutch words in the path, English names in the code."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("aanbieder/<slug:organisation>/", include("dipportal.providers.urls")),
    path("afnemer/<slug:organisation>/", include("dipportal.receivers.urls")),
    path("account/", include("allauth.urls")),
    path("beheer/", admin.site.urls),
]
