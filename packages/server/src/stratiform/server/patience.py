"""Waiting a little for a job, so that a command that is synchronous on the wire can tell how its work went."""

import threading
import time
from collections.abc import Callable

from stratiform.engine.api import Fact

SHARE = 4
"""At most one in so many HTTP threads waits."""
LONGEST = 5.0
"""Seconds."""
FIRST, MOST = 0.02, 0.25
"""Seconds between two looks."""


class Patience:
    """Lets at most a quarter of the HTTP threads wait, each a few seconds, outside of any transaction."""

    def __init__(self, threads: int, seconds: float = LONGEST) -> None:
        self._places = threading.BoundedSemaphore(max(1, threads // SHARE))
        self._seconds = seconds

    def wait(self, look: Callable[[], Fact]) -> Fact:
        """The job as it is when it has ended, when the time is up, or at once if there is no place to wait."""
        fact = look()
        if fact.finished is not None or not self._places.acquire(blocking=False):
            return fact
        try:
            until, pause = time.monotonic() + self._seconds, FIRST
            while fact.finished is None and (left := until - time.monotonic()) > 0:
                time.sleep(min(pause, left))
                pause = min(pause * 2, MOST)
                fact = look()
            return fact
        finally:
            self._places.release()
