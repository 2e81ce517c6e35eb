from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "dipportal.outbox"

    def ready(self) -> None:
        from celery.signals import worker_shutting_down

        from dipportal.outbox import drain

        worker_shutting_down.connect(drain.stop, dispatch_uid="outbox stops")
