"""A process's transactions, shared among its stages by their weights while more than one has work."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from stratiform.framework.base.clock import Clock
from stratiform.framework.base.threads import Threads, Wakeup


@dataclass
class _Place:
    bell: Wakeup
    assumed: float = 0.0


@dataclass
class _Share:
    """What a stage has had: time divided by its weight, that of turns under way as their last one took."""

    had: float = 0.0
    last: float = 1.0
    waiting: deque[_Place] = field(default_factory=deque)


class Turnstile:
    """Lets so many workers at a time into a transaction; of those that wait the first of the stage that had least.

    Whoever finds nobody waiting passes at once. What a stage did not use while it had no work is not owed to it.
    """

    def __init__(self, width: int, threads: Threads, clock: Clock) -> None:
        self._free = width
        self._threads = threads
        self._clock = clock
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}
        self._now = 0.0
        """What the stage had that had a turn last, when it got it."""

    @contextmanager
    def turn(self, stage: str, weight: int) -> Iterator[None]:
        """Wait for a turn, and have it."""
        share, assumed = self._enter(stage)
        began = self._clock.monotonic()
        try:
            yield
        finally:
            self._leave(share, assumed, max(1, self._clock.monotonic() - began) / weight)

    def _enter(self, stage: str) -> tuple[_Share, float]:
        with self._lock:
            share = self._shares.setdefault(stage, _Share())
            if not share.waiting:
                share.had = max(share.had, self._now)
            if self._free:
                self._free -= 1
                return share, self._begin(share)
            place = _Place(self._threads.wakeup())
            share.waiting.append(place)
        place.bell.wait(None)
        return share, place.assumed

    def _leave(self, share: _Share, assumed: float, took: float) -> None:
        with self._lock:
            share.had += took - assumed
            share.last = took
            wanting = [each for each in self._shares.values() if each.waiting]
            if not wanting:
                self._free += 1
                return
            following = min(wanting, key=lambda each: each.had)
            place = following.waiting.popleft()
            place.assumed = self._begin(following)
        place.bell.ring()

    def _begin(self, share: _Share) -> float:
        """Count a turn as long as the stage's last one was, until it is known how long it is."""
        self._now = max(self._now, share.had)
        share.had += share.last
        return share.last
