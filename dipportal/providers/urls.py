from django.urls import path

from dipportal.providers import views

app_name = "providers"
urlpatterns = [
    path("", views.start, name="start"),
]
