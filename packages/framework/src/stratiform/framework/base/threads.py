"""Threads and wake-ups as a port, so that a simulation can run the same code on one thread."""

import threading
from collections.abc import Callable
from typing import Protocol

from stratiform.framework.base.clock import SECOND


class Wakeup(Protocol):
    """One waiter's bell: rung any number of times, it wakes the waiter once."""

    def ring(self) -> None:
        """Wake the waiter now, or at once when it next waits."""

    def wait(self, microseconds: int | None) -> bool:
        """Wait until rung or until the time has passed; true if rung."""


class Handle(Protocol):
    """A thread that was started."""

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, at most `timeout` seconds."""

    def is_alive(self) -> bool:
        """Whether it still runs."""


class Threads(Protocol):
    """Starts threads and makes the bells they wait on."""

    def start(self, name: str, target: Callable[[], None]) -> Handle:
        """Run `target` beside the caller; it does not keep the process alive."""

    def wakeup(self) -> Wakeup:
        """A new bell."""


class SystemWakeup:
    """A bell over `threading.Event`."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake the waiter."""
        self._event.set()

    def wait(self, microseconds: int | None) -> bool:
        """Wait for a ring and take it."""
        rung = self._event.wait(None if microseconds is None else max(0, microseconds) / SECOND)
        self._event.clear()
        return rung


class SystemThreads:
    """Real threads of this process."""

    def start(self, name: str, target: Callable[[], None]) -> Handle:
        """Start a daemon thread."""
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    def wakeup(self) -> Wakeup:
        """A bell over `threading.Event`."""
        return SystemWakeup()
