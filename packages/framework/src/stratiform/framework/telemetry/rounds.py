"""What goes round: how late its rounds begin, and how long they take."""

from stratiform.framework.base.clock import Clock
from stratiform.framework.telemetry.figures import Figures, Type
from stratiform.framework.telemetry.histogram import MINUTE, Histogram


class Rounds:
    """Counts the rounds of something that looks again and again. May be asked from any thread."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._late, self._took = Histogram(), Histogram()
        self._last: int | None = None
        self._marked: int | None = None

    def ended(self, late: int, took: int) -> None:
        """A round ended that began so much later than it was due, and took so long, in microseconds."""
        minute = self._minute()
        self._late.add(minute, (late,))
        self._took.add(minute, (took,))
        self._last = self._clock.now()

    def mark(self, every: int) -> None:
        """A round ended of what ought to go round `every` so many microseconds: anything longer is late."""
        now, before = self._clock.monotonic(), self._marked
        self._marked, self._last = now, self._clock.now()
        if before is not None:
            self._late.add(self._minute(), (max(0, now - before - every),))

    def figures(self) -> Figures:
        """The last minutes."""
        minute = self._minute()
        return Figures(
            name=self.name,
            type=Type.MONITOR.value,
            last=self._last,
            waits=self._late.recent(minute).buckets,
            services=self._took.recent(minute).buckets,
        )

    def _minute(self) -> int:
        return self._clock.monotonic() // MINUTE
