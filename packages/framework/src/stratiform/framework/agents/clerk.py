"""A clerk: one thread that carries out what it is given, in order, many in a turn, now or later."""

import heapq
import itertools
from collections import deque
from collections.abc import Callable

from stratiform.framework.base.clock import Clock
from stratiform.framework.base.threads import Threads

Action = Callable[[], None]

TURN = 1000
"""Actions of one turn at most, so that what a turn gathers is not held back for long."""


class Clerk:
    """Carries out actions one after another on a thread of its own, so that what they touch needs no lock.

    It works in turns: whatever waits is carried out, then everybody who asked to be told of the turn's end is
    told; that is where work is made durable once for many. An action that raises ends the clerk: what it was
    in the middle of is not known, and nothing may be answered as if it were.
    """

    def __init__(self, name: str, threads: Threads, clock: Clock) -> None:
        self._clock = clock
        self._actions: deque[Action] = deque()
        self._timers: list[tuple[int, int, Action]] = []
        self._order = itertools.count()
        self._ends: list[Action] = []
        self._bell = threads.wakeup()
        self._open = True
        self._thread = threads.start(name, self._run)

    def post(self, action: Action) -> None:
        """Carry out `action` soon; may be called by any thread and never blocks."""
        self._actions.append(action)
        self._bell.ring()

    def post_in(self, microseconds: int, action: Action) -> None:
        """Carry out `action` when the time has passed; as `post`. A wait holds no thread."""
        due = self._clock.monotonic() + microseconds
        self.post(lambda: heapq.heappush(self._timers, (due, next(self._order), action)))

    def after_turn(self, action: Action) -> None:
        """Call `action` at the end of every turn, on the clerk's thread."""
        self._ends.append(action)

    def close(self) -> None:
        """End after the turn that runs; what was not begun by then never is. Does not wait."""
        self._open = False
        self._bell.ring()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the clerk has ended, at most `timeout` seconds; true if it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._open:
            if not self._turn():
                self._bell.wait(self._until_next())

    def _turn(self) -> bool:
        done = 0
        while self._actions and done < TURN:
            self._actions.popleft()()
            done += 1
        if self._timers:
            done += self._ring_timers()
        if done:
            for end in self._ends:
                end()
        return done > 0

    def _ring_timers(self) -> int:
        now, done = self._clock.monotonic(), 0
        while self._timers and self._timers[0][0] <= now and done < TURN:
            heapq.heappop(self._timers)[2]()
            done += 1
        return done

    def _until_next(self) -> int | None:
        return max(0, self._timers[0][0] - self._clock.monotonic()) if self._timers else None
