from celery import shared_task

from dipportal.contracts.actions.clock import remind_of_answers


@shared_task(soft_time_limit=240, time_limit=300, ignore_result=True)
def remind() -> None:
    """By the beat; a second run finds nothing left to do."""
    remind_of_answers()
