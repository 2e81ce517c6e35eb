"""Addresses for the tests of the front end only: the showcase, the error pages and the account pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from tests.frontend.showcase import showcase


def error_page(request: HttpRequest, code: int) -> HttpResponse:
    return render(request, f"{code}.html", status=code)


urlpatterns = [
    path("", showcase, name="home"),
    path("fout/<int:code>/", error_page, name="error_page"),
    path("account/", include("allauth.urls")),
    path("taal/", include("django.conf.urls.i18n")),
]
