from django.urls import path

from dipportal.organisations import views

urlpatterns = [
    path("", views.home, name="home"),
    path("taal/", views.set_language, name="set_language"),
]
