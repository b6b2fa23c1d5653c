"""A world that repeats itself: a clock that stands still until it is turned, and seeded randomness."""

import random

from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import Store, World
from stratiform.framework.db.store import DriverStore

START = 1_750_000_000 * SECOND
"""Where a manual clock stands at first: 2025-06-15 15:06:40 UTC."""


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, now: int = START) -> None:
        self._now = now
        self._monotonic = 0

    def now(self) -> int:
        """Microseconds of UTC."""
        return self._now

    def monotonic(self) -> int:
        """Microseconds that this clock was advanced."""
        return self._monotonic

    def advance(self, microseconds: int) -> None:
        """Let time pass."""
        if microseconds < 0:
            raise ValueError("time does not go back; see `set`")
        self._now += microseconds
        self._monotonic += microseconds

    def set(self, now: int) -> None:
        """Set the time of day, to any time; the monotonic clock does not notice."""
        self._now = now


def seeded(seed: int = 0, *, clock: ManualClock | None = None, store: Store | None = None) -> World:
    """A world with a manual clock whose identifiers and randomness are the same for the same seed."""
    return World(store=store or DriverStore(), clock=clock or ManualClock(), random=random.Random(seed))
