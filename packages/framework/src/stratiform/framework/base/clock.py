"""Time as a port: microseconds of UTC for people and rows, a monotonic count for waiting."""

import time
from typing import Protocol

SECOND = 1_000_000
"""Microseconds in a second; every time and duration in the system is a whole number of microseconds."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC; may jump when the machine's clock is set."""

    def monotonic(self) -> int:
        """Microseconds since some fixed moment; never goes back."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        """Microseconds of UTC."""
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        """Microseconds of the machine's monotonic clock."""
        return time.monotonic_ns() // 1000
