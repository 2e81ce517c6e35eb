from django.urls import path

from dipportal.receivers import views

app_name = "receivers"
urlpatterns = [
    path("", views.start, name="start"),
]
