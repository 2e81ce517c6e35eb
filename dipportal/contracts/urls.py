from django.urls import path

from dipportal.contracts import public_pages

urlpatterns = [
    path("controle/", public_pages.check_paper, name="check_paper"),
]
