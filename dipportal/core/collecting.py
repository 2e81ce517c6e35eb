"""Python's search for cycles, put off while very many objects are made that all live on: it would find nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def put_off() -> Iterator[None]:
    """No collection within the block. With several threads the first one to leave lets it run again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
