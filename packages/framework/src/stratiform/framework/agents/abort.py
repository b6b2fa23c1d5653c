"""Ending a verb early: what the code that carries it out looks at, and what ends what it waits for."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from stratiform.framework.base.errors import Error
from stratiform.framework.telemetry.logs import get_logger

log = get_logger(__name__)


class Aborted(Error):
    """{command} was aborted before it took effect."""

    code = "aborted"


class Abort:
    """Whether a command is wanted no more, for the verb that carries it out. May be used from any thread.

    A verb that is to end early may go on all the same; if it raises `Aborted`, it promises that it had no effect, or
    took all of it back.
    """

    def __init__(self, command: str) -> None:
        self.command = command
        self._asked = False
        self._lock = threading.Lock()
        self._ends: list[Callable[[], object]] = []

    @property
    def asked(self) -> bool:
        """Whether somebody asked for the verb's end."""
        return self._asked

    def check(self) -> None:
        """Raise `Aborted` if somebody asked for the end: to be called where nothing took effect yet."""
        if self.asked:
            raise Aborted(command=self.command)

    @contextmanager
    def by(self, end: Callable[[], object]) -> Iterator[None]:
        """Let `end()` be called, on another thread, each time somebody asks while the block runs, and never later.

        It should make what the block waits for return or raise, as `virDomainAbortJob` does. Raises `Aborted` in
        place of running the block if somebody asked before.
        """
        with self._lock:
            self._ends.append(end)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._ends.remove(end)

    def ask(self) -> None:
        """Ask for the end; blocks as long as what ends the verb does. May be called again."""
        self._asked = True
        with self._lock:
            for end in self._ends:
                try:
                    end()
                except Exception:
                    log.exception("a verb could not be ended early", command=self.command)


_current: ContextVar[Abort | None] = ContextVar("stratiform.abort", default=None)


def current() -> Abort:
    """What this thread's verb looks at; where none runs, nobody ever asks."""
    return _current.get() or Abort("")


@contextmanager
def use(abort: Abort) -> Iterator[None]:
    """Run a verb that may be ended early by `abort`."""
    token = _current.set(abort)
    try:
        yield
    finally:
        _current.reset(token)
