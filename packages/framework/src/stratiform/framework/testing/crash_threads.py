"""Threads for a process that may die: all of it happens on one."""

from collections.abc import Callable

from stratiform.framework.base.threads import Handle, Wakeup


class Inline:
    """Threads that are none: what is started has ended when `start` returns."""

    def start(self, name: str, target: Callable[[], None]) -> Handle:
        """Do it."""
        target()
        return _Ended()

    def wakeup(self) -> Wakeup:
        """A bell that nobody can wait for."""
        return _Bell()


class _Ended:
    def join(self, timeout: float | None = None) -> None:
        """It has ended."""

    def is_alive(self) -> bool:
        return False


class _Bell:
    def ring(self) -> None:
        """Nobody sleeps."""

    def wait(self, microseconds: int | None) -> bool:
        raise AssertionError("nobody rings here: drive the kernel by `Process.settle`, do not start it")
