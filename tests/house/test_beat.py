"""What the clock wakes up exists, and can be woken."""

import pytest
from celery import current_app
from django.conf import settings

current_app.loader.import_default_modules()
OWN = sorted(name for name in current_app.tasks if name.startswith("dipportal."))


@pytest.mark.parametrize("entry", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_every_entry_of_the_schedule_names_a_task(entry: str) -> None:
    assert settings.CELERY_BEAT_SCHEDULE[entry]["task"] in OWN


@pytest.mark.parametrize("entry", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_a_wake_up_that_nobody_took_is_forgotten(entry: str) -> None:
    assert settings.CELERY_BEAT_SCHEDULE[entry]["options"]["expires"] > 0


@pytest.mark.parametrize("name", OWN)
def test_every_task_can_be_sent(name: str) -> None:
    """Celery refuses to send a task whose soft limit, its own or that of the settings, lies above its hard one."""
    task = current_app.tasks[name]
    assert task.time_limit, "no task may run for ever"
    assert (task.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT) <= task.time_limit


@pytest.mark.parametrize("name", OWN)
def test_tasks_are_safe_to_run_twice_and_remember_nothing(name: str) -> None:
    task = current_app.tasks[name]
    assert task.acks_late
    assert task.ignore_result
