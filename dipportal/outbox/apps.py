from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "dipportal.outbox"
