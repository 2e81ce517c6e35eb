from django.urls import path

from dipportal.notifications import views

urlpatterns = [
    path("account/voorkeuren/", views.preferences, name="preferences"),
]
