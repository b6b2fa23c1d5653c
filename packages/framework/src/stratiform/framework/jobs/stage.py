"""The workers of one stage in this process, and what waits for them in memory."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush

import msgspec

from stratiform.framework.base.threads import Handle, Threads, Wakeup
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.run import Run

AnyRun = Run[msgspec.Struct]
AnyCall = Call[msgspec.Struct]
Answer = tuple[AnyCall, object, BaseException | None]
Task = Callable[[], None]


class Workers:
    """Threads that call `work(self)` while it says that there is more to do, and sleep otherwise.

    A ring wakes one sleeping worker; if none sleeps, one of them looks again before it does. Nobody polls.
    """

    def __init__(self, name: str, threads: Threads, work: Callable[["Workers"], bool]) -> None:
        self.name = name
        self._threads = threads
        self._work = work
        self._lock = threading.Lock()
        self._answers: list[tuple[int, int, Answer]] = []
        self._came = itertools.count()
        self._tasks: deque[Task] = deque()
        self._idle: list[Wakeup] = []
        self._ready = self._turned = False
        self._again = False
        self._stopping = False
        self._wanted = self._alive = self._number = 0
        self._handles: list[Handle] = []

    def resize(self, count: int) -> None:
        """Have so many workers: more are started at once, fewer end as soon as they have nothing under way."""
        with self._lock:
            self._wanted = count
            missing = 0 if self._stopping else count - self._alive
            self._alive += max(0, missing)
            for _ in range(-missing):
                self._wake()
        self._handles = [handle for handle in self._handles if handle.is_alive()]
        for _ in range(missing):
            self._number += 1
            self._handles.append(self._threads.start(f"{self.name}-{self._number}", self._run))

    def ring(self) -> None:
        """There may be ready jobs in the database."""
        with self._lock:
            self._ready = True
            self._wake()

    def push_answer(self, *answers: Answer) -> None:
        """Queue the outcomes of effects, to be recorded."""
        with self._lock:
            self._keep(answers)
            self._wake()

    def push_task(self, task: Task) -> None:
        """Queue what needs a thread: an effect that was taken over, or a question that may take long."""
        with self._lock:
            self._tasks.append(task)
            self._wake()

    def take_answers(self, limit: int) -> list[Answer]:
        """At most `limit` of the outcomes that wait, those of the lowest tickets: of whoever has had least."""
        with self._lock:
            return [heappop(self._answers)[-1] for _ in range(min(limit, len(self._answers)))]

    def return_answers(self, answers: list[Answer]) -> None:
        """Put answers back that could not be recorded; nobody is woken, for it would be in vain."""
        with self._lock:
            self._keep(answers)

    def take_task(self) -> Task | None:
        """The next task, if there is one."""
        with self._lock:
            return self._tasks.popleft() if self._tasks else None

    def take_ring(self) -> bool:
        """Whether somebody rang since this was last asked."""
        with self._lock:
            ready, self._ready = self._ready, False
            return ready

    def waiting(self) -> bool:
        """Whether something waits in memory."""
        with self._lock:
            return bool(self._answers or self._tasks)

    def stop(self) -> None:
        """Let the workers finish what they do; does not wait."""
        with self._lock:
            self._stopping = True
            for bell in self._idle:
                bell.ring()
            self._idle.clear()

    def join(self, seconds: float) -> bool:
        """Wait until the workers have ended, at most so long for each; true if they have."""
        for handle in self._handles:
            handle.join(seconds)
        return not any(handle.is_alive() for handle in self._handles)

    def first(self) -> bool:
        """Whether ready jobs come before the outcomes that wait: every other time, so that neither waits for all."""
        with self._lock:
            self._turned = not self._turned
            return self._turned

    def _keep(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            heappush(self._answers, (answer[0].ticket, next(self._came), answer))

    def _wake(self) -> None:
        if self._idle:
            self._idle.pop().ring()
        else:
            self._again = True

    def _run(self) -> None:
        bell = self._threads.wakeup()
        while not self._superfluous():
            if self._work(self):
                continue
            with self._lock:
                if self._again or self._stopping or self._alive > self._wanted:
                    self._again = False
                    continue
                self._idle.append(bell)
            bell.wait(None)

    def _superfluous(self) -> bool:
        """Whether the worker that asks is to end: it is one too many, or all are to stop."""
        with self._lock:
            if self._stopping or self._alive > self._wanted:
                self._alive -= 1
                return True
            return False
