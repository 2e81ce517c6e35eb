"""Python's search for cycles, put off while very many objects are made that all live on: it would find nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """No collection within the block. With several threads the first one to leave lets it run again.

    What was made meanwhile counts as old from then on: else the very next object that anybody makes sets off a search
    through all of it.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            # Both only join lists; together they put what is young among the old, without looking at any of it.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
