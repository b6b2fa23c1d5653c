"""How requests are answered: counted by command and status, as they come and go."""

from collections.abc import Mapping

from stratiform.framework.base.clock import Clock
from stratiform.framework.telemetry.histogram import MINUTE, Histogram
from stratiform.framework.telemetry.metrics import Metric, Shape, Values

NONE = "-"
"""The command of a request that names none that there is."""


class Requests:
    """How requests were answered, by command and status. May be called from any thread."""

    metrics = (
        Metric(
            name="stratiform_http_request_seconds",
            shape=Shape.HISTOGRAM,
            help="From a request's arrival at a thread to its answer.",
            labels=("command", "status"),
        ),
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._series: dict[tuple[str, ...], Histogram] = {}

    def now(self) -> int:
        """When a request arrives, for `answered`."""
        return self._clock.monotonic()

    def answered(self, command: str | None, status: str, began: int) -> None:
        """A request was answered; `command` is one that there is, or None, and `status` begins with the code."""
        now, label = self._clock.monotonic(), (command or NONE, status[:3])
        found = self._series.get(label) or self._series.setdefault(label, Histogram())
        found.add(now // MINUTE, (now - began,))

    def read(self) -> Mapping[str, Values]:
        """Every answer since the server began."""
        return {"stratiform_http_request_seconds": {label: each.total() for label, each in dict(self._series).items()}}
