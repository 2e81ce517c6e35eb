from django.urls import path

from dipportal.notifications import sales_pages, views

urlpatterns = [
    path("account/voorkeuren/", views.preferences, name="preferences"),
    path("verkoopmail/<str:token>/", sales_pages.sales_invitation, name="sales_invitation"),
    path("verkoopmail/<str:token>/stoppen/", sales_pages.sales_stop, name="sales_stop"),
]
