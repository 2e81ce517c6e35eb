"""Thin tasks. They may run twice or not at all."""

from celery import shared_task
from django.utils import timezone


@shared_task(time_limit=1800, soft_time_limit=1700)
def thin_points() -> int:
    """Thin the curves that are old enough."""
    from dipportal.ticketing import history

    return history.thin(timezone.localdate())
