"""The Celery application. Celery only wakes work up; the database rows are the truth."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dipportal.settings")

# The folder of a laptop or a test; see there why not kombu's own.
TRANSPORT_ALIASES["filesystem"] = "dipportal.core.folder_broker:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "dipportal.core.redis_broker:Transport"

app = Celery("dipportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def use_django_logging(**_kwargs: Any) -> None:
    """Keep Celery from replacing the logging that settings.LOGGING has set up."""


@worker_init.connect
def give_way(**_kwargs: Any) -> None:
    """Pages go before pulls and pushes where both run on one machine: somebody is looking at the page."""
    os.nice(settings.WORKER_NICE)
