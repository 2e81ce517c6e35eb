from django.urls import path

from dipportal.organisations import views

urlpatterns = [
    path("", views.home, name="home"),
    path("taal/", views.set_language, name="set_language"),
    path("uitnodiging/<str:token>/", views.invitation, name="invitation"),
    path("account/organisaties/<slug:slug>/verlaten/", views.leave, name="leave"),
]
