"""Thin tasks. They may run twice or not at all."""

from celery import shared_task
from django.utils import timezone


@shared_task(time_limit=1800, soft_time_limit=1700)
def thin_points() -> int:
    """Thin the curves that are old enough."""
    from dipportal.ticketing import history

    return history.thin(timezone.localdate())


@shared_task(time_limit=1800, soft_time_limit=1700)
def renew_due_sums() -> int:
    """Renew the sums of tours that move with this day."""
    from dipportal.ticketing import sums

    return sums.renew_due(timezone.localdate())


@shared_task(time_limit=3600, soft_time_limit=3500)
def renew_all_sums() -> int:
    """Renew the sums of all tours."""
    from dipportal.ticketing import sums

    return sums.renew_all()


@shared_task(time_limit=3600, soft_time_limit=3500)
def check_forecasts() -> int:
    """Find out anew, of each organisation, of which days before the evening its forecasts may be shown."""
    from dipportal.ticketing import forecasting

    return forecasting.check_all(timezone.now())
