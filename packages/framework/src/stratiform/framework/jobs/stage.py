"""The workers of one stage in this process, and what waits for them in memory."""

import threading
from collections import deque
from collections.abc import Callable

import msgspec

from stratiform.framework.base.threads import Handle, Threads, Wakeup
from stratiform.framework.jobs.call import Call

AnyCall = Call[msgspec.Struct]
Answer = tuple[AnyCall, object, BaseException | None]


class Workers:
    """Threads that call `work(self)` while it says that there is more to do, and sleep otherwise.

    A ring wakes one sleeping worker; if none sleeps, one of them looks again before it does. Nobody polls.
    """

    def __init__(self, name: str, threads: Threads, work: Callable[["Workers"], bool]) -> None:
        self.name = name
        self.answers: deque[Answer] = deque()
        """Effects that ended and are not recorded yet."""
        self.effects: deque[AnyCall] = deque()
        """Effects to run on a worker's thread, taken over from a dead process."""
        self._threads = threads
        self._work = work
        self._lock = threading.Lock()
        self._idle: list[Wakeup] = []
        self._ready = False
        self._again = False
        self._stopping = False
        self._handles: list[Handle] = []

    def start(self, count: int) -> None:
        """Start `count` workers."""
        for number in range(count):
            self._handles.append(self._threads.start(f"{self.name}-{number}", self._run))

    def ring(self) -> None:
        """There may be ready jobs in the database."""
        with self._lock:
            self._ready = True
            self._wake()

    def push(self, queue: deque[Answer] | deque[AnyCall], item: object) -> None:
        """Put something into one of the two queues in memory."""
        queue.append(item)  # type: ignore[arg-type]
        with self._lock:
            self._wake()

    def take_ring(self) -> bool:
        """Whether somebody rang since this was last asked."""
        with self._lock:
            ready, self._ready = self._ready, False
            return ready

    def stop(self) -> None:
        """Let the workers finish what they do, and wait for them."""
        with self._lock:
            self._stopping = True
            for bell in self._idle:
                bell.ring()
            self._idle.clear()
        for handle in self._handles:
            handle.join(10)

    def _wake(self) -> None:
        if self._idle:
            self._idle.pop().ring()
        else:
            self._again = True

    def _run(self) -> None:
        bell = self._threads.wakeup()
        while not self._stopping:
            if self._work(self):
                continue
            with self._lock:
                if self._again and not self._stopping:
                    self._again = False
                    continue
                if self._stopping:
                    return
                self._idle.append(bell)
            bell.wait(None)
