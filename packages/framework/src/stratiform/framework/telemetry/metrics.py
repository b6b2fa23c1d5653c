"""Metrics: what is measured is declared as data, and told as text that Prometheus reads."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.base.errors import Error
from stratiform.framework.telemetry.histogram import Tally
from stratiform.framework.telemetry.logs import get_logger

log = get_logger(__name__)

T = TypeVar("T")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of a page: https://prometheus.io/docs/instrumenting/exposition_formats/."""

LIMITS = tuple(1 << power for power in range(10, 33, 2))
"""The upper limits of a histogram's buckets in microseconds: from a millisecond, each four times the last."""

FRESH = SECOND
"""How long what the database said is told again."""

Label = tuple[str, ...]
Values = Mapping[Label, float | Tally]


class Twice(Error):
    """The metric {name} is declared twice."""

    code = "metric_twice"


class Shape(StrEnum):
    """What kind of number a metric is."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Something that is measured; by its name, unit included, it is asked for."""

    name: str
    shape: Shape
    help: str
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that queries use."""
        if self.shape is not Shape.HISTOGRAM:
            return (self.name,)
        return tuple(self.name + end for end in ("_bucket", "_sum", "_count"))


UNREAD = Metric(
    name="stratiform_metrics_unread",
    shape=Shape.GAUGE,
    help="Sources of metrics that could not be read for this page.",
)


class Source(Protocol):
    """Something that measures."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """What it measures."""

    def read(self) -> Mapping[str, Values]:
        """The values of its metrics as they are now, by name; by labels in the order declared."""


class Page:
    """The metrics of several sources as one text. Raises `Twice` if two have the same name."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        names = [each.name for each in self.metrics]
        for name in names:
            if names.count(name) > 1:
                raise Twice(name=name)

    @property
    def metrics(self) -> list[Metric]:
        """Everything that is measured."""
        return [UNREAD, *(metric for source in self._sources for metric in source.metrics)]

    def text(self) -> str:
        """The page; what cannot be read now, because the database is away, is missing from it and counted."""
        lines: list[str] = []
        unread = 0
        for source in self._sources:
            try:
                values = source.read()
            except Exception:
                log.exception("metrics cannot be read", metrics=[each.name for each in source.metrics])
                unread += 1
                continue
            for metric in source.metrics:
                lines += _lines(metric, values.get(metric.name, {}))
        return "\n".join([*_lines(UNREAD, {(): unread}), *lines]) + "\n"


class Fresh(Generic[T]):
    """A value that is asked for at most once a second, however many want it."""

    def __init__(self, clock: Clock, ask: Callable[[], T]) -> None:
        self._clock = clock
        self._ask = ask
        self._lock = threading.Lock()
        self._found: tuple[int, T] | None = None

    def value(self) -> T:
        """The value, a second old at most. Raises what asking raises."""
        with self._lock:
            now = self._clock.monotonic()
            if self._found is None or now - self._found[0] >= FRESH:
                self._found = now, self._ask()
            return self._found[1]


def _lines(metric: Metric, values: Values) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.shape}"
    for label, value in sorted(values.items()):
        pairs = [f'{name}="{_quoted(text)}"' for name, text in zip(metric.labels, label, strict=True)]
        if isinstance(value, Tally):
            yield from _histogram(metric.name, pairs, value)
        else:
            yield f"{metric.name}{_braces(pairs)} {value}"


def _histogram(name: str, pairs: Sequence[str], tally: Tally) -> Iterator[str]:
    for limit, within in zip(LIMITS, tally.within(LIMITS), strict=True):
        bound = f'le="{limit / SECOND}"'
        yield f"{name}_bucket{_braces([*pairs, bound])} {within}"
    infinite = 'le="+Inf"'
    yield f"{name}_bucket{_braces([*pairs, infinite])} {tally.count}"
    yield f"{name}_sum{_braces(pairs)} {tally.sum / SECOND}"
    yield f"{name}_count{_braces(pairs)} {tally.count}"


def _braces(pairs: Sequence[str]) -> str:
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
