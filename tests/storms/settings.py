"""The settings of the storm: the portal's own, but all that is otherwise fetched by night is fetched all the time.

A full pull beside pushes, workers that die and a database that crashes is where what is ours and what is DIP's can be
mistaken for each other.
"""

import faulthandler
import signal
import sys

from dipportal.settings import *  # noqa: F403

CELERY_BEAT_SCHEDULE["pull-catalogue"]["schedule"] = 20.0  # noqa: F405
CELERY_BEAT_SCHEDULE["pull-contracts-full"]["schedule"] = 15.0  # noqa: F405

# A worker that stands still tells where: written by the interpreter itself, also when no Python code gets its turn.
faulthandler.register(signal.SIGUSR2, file=sys.__stderr__, all_threads=True)
