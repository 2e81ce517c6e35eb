from celery import shared_task

from dipportal.contracts import batches
from dipportal.contracts.actions.clock import remind_of_answers
from dipportal.contracts.models_batch import Batch


@shared_task(soft_time_limit=240, time_limit=300, ignore_result=True)
def remind() -> None:
    """By the beat; a second run finds nothing left to do."""
    remind_of_answers()


@shared_task(soft_time_limit=240, time_limit=300, ignore_result=True)
def run_batch(pk: int) -> None:
    """Work a batch for a while; while there is more, another task goes on."""
    batch = Batch.objects.select_related("provider", "made_by").filter(pk=pk, finished_at=None).first()
    if batch is not None and batches.run(batch):
        batches.wake(pk)


@shared_task(soft_time_limit=50, time_limit=60, ignore_result=True)
def resume_batches() -> None:
    """By the beat: batches whose wake-up was lost, or whose worker was killed."""
    for pk in batches.unfinished().values_list("pk", flat=True):
        batches.wake(pk)
