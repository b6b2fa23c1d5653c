"""Metrics: what is measured is declared as data, and asked for when it is told."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.telemetry.histogram import Tally

T = TypeVar("T")

FRESH = SECOND
"""How long what the database said is told again."""

Label = tuple[str, ...]
Values = Mapping[Label, float | Tally]


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


class Source(Protocol):
    """Something that measures."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """What it measures."""

    def read(self) -> Mapping[str, Values]:
        """The values of its metrics as they are now, by name; by labels in the order declared."""


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
