"""How requests are answered: counted by command and status, as they come and go."""

from collections.abc import Mapping

from stratiform.framework.base.clock import Clock
from stratiform.framework.telemetry.histogram import MINUTE, Histogram, Tally, merged
from stratiform.framework.telemetry.metrics import Metric, Shape, Values
from stratiform.framework.telemetry.tracing import Role, Span, Tracer, of_request

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
        self.tracer: Tracer | None = None
        """Takes the spans; None if nothing is traced."""

    def now(self) -> int:
        """When a request arrives, for `answered`."""
        return self._clock.monotonic()

    def answered(self, request: str, command: str | None, status: str, began: int) -> None:
        """A request was answered; `command` is one that there is, or None, and `status` begins with the code."""
        now, label = self._clock.monotonic(), (command or NONE, status[:3])
        found = self._series.get(label) or self._series.setdefault(label, Histogram())
        found.add(now // MINUTE, (now - began,))
        if self.tracer is not None:
            ended = self._clock.now()
            self.tracer.emit(_span(request, label, ended - (now - began), ended))

    def recent(self) -> Tally:
        """All answers of the last minutes."""
        minute = self._clock.monotonic() // MINUTE
        return merged(each.recent(minute) for each in dict(self._series).values())

    def read(self) -> Mapping[str, Values]:
        """Every answer since the server began."""
        return {"stratiform_http_request_seconds": {label: each.total() for label, each in dict(self._series).items()}}


def trace(request: str) -> str:
    """The trace that a request begins."""
    return request.replace("-", "")


def _span(request: str, label: tuple[str, str], began: int, ended: int) -> Span:
    command, status = label
    return Span(
        trace=trace(request),
        id=of_request(request),
        name=command,
        role=Role.SERVER,
        began=began,
        ended=ended,
        attributes={"stratiform.request": request, "http.response.status_code": int(status)},
        error=f"status {status}" if status.startswith("5") else None,
    )
