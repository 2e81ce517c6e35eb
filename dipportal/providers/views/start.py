"""The start page: what waits for you."""

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side


@area(Side.PROVIDER)
def start(request: AreaRequest) -> HttpResponse:
    return render(request, "providers/start.html")
