from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "dipportal.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Every process that imports Django can then queue tasks on the one Celery application.
        import dipportal.celery
        import dipportal.core.checks
        import dipportal.core.sqlite  # noqa: F401
