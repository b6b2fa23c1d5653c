"""What is slow on purpose or by nature, hashing a password or making a key: in few threads at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stratiform.api.errors import Overloaded

WORKS = 4
"""At most one in so many HTTP threads is at it."""
COMES = 2
"""At most one in so many is at it, or waits to be."""
LONGEST = 2.0
"""Seconds that one waits."""


class Busy(Overloaded):
    """Too many passwords and keys are being worked on now. Nothing was done. Try again in a moment."""

    code = "busy"


class Effort:
    """One place for everybody who is at costly work, so that most HTTP threads are left for everything else."""

    def __init__(self, threads: int, seconds: float = LONGEST) -> None:
        self._working = threading.BoundedSemaphore(max(1, threads // WORKS))
        self._coming = threading.BoundedSemaphore(max(1, threads // COMES))
        self._seconds = seconds

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be at it, after a short wait if need be. Raises `Busy`; who is at it must not ask for another place."""
        with _taken(self._coming, 0), _taken(self._working, self._seconds):
            yield


@contextmanager
def _taken(places: threading.BoundedSemaphore, seconds: float) -> Iterator[None]:
    if not places.acquire(timeout=seconds):
        raise Busy
    try:
        yield
    finally:
        places.release()
