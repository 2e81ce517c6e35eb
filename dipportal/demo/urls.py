from django.urls import path

from dipportal.demo import views

app_name = "demo"
urlpatterns = [
    path("mail/", views.mails, name="mails"),
    path("mail/<int:pk>/", views.mail, name="mail"),
    path("mail/<int:pk>/inhoud/", views.mail_body, name="mail_body"),
]
