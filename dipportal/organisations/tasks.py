from celery import shared_task
from django.core.management import call_command


@shared_task(time_limit=600, soft_time_limit=590)
def clear_sessions() -> None:
    """Remove sessions that have ended."""
    call_command("clearsessions")
