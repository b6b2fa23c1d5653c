"""How long things take: counts of durations by size, since the beginning and over the last minutes."""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from stratiform.framework.base.clock import SECOND

MINUTE = 60 * SECOND
MINUTES = 5
"""That `Histogram.recent` looks back, the one under way among them."""
LONGEST = 1 << 40
"""Microseconds, 12 days: what takes longer counts as that."""

_FINE = 4
"""Of a doubling, 2 to this are told apart: a percentile is wrong by 3 % at most."""


@dataclass(frozen=True, kw_only=True)
class Percentiles:
    """Durations in microseconds that half, 95 % and 99 % of all stayed within, each to 3 %."""

    p50: int
    p95: int
    p99: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Durations that were counted: so many of each bucket, and their sum in microseconds."""

    buckets: Mapping[int, int]
    sum: int

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.buckets.values())

    def percentiles(self) -> Percentiles | None:
        """What most of them stayed within; None if there were none."""
        if not self.buckets:
            return None
        p50, p95, p99 = (self._at(share) for share in (50, 95, 99))
        return Percentiles(p50=p50, p95=p95, p99=p99)

    def within(self, limits: Sequence[int]) -> list[int]:
        """How many took at most each limit; exact where a limit is a power of two."""
        found = sorted((_edges(bucket)[1], n) for bucket, n in self.buckets.items())
        edges, sums = [edge for edge, _ in found], [0, *accumulate(n for _, n in found)]
        return [sums[bisect_right(edges, limit)] for limit in limits]

    def _at(self, share: int) -> int:
        left = -(-self.count * share // 100)
        for bucket, n in sorted(self.buckets.items()):
            left -= n
            if left <= 0:
                lowest, highest = _edges(bucket)
                return (lowest + 1 + highest) // 2
        raise AssertionError("unreachable")


class Histogram:
    """Counts durations; bounded, however many there are. May be called from any thread.

    A minute's counts are kept apart until they are too old for `recent`. Readers copy a few hundred numbers under
    the lock and nothing else, so that nobody who counts waits for one who tells.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: dict[int, dict[int, int]] = {}
        self._now = -1
        self._counts: dict[int, int] = {}
        self._older: dict[int, int] = {}
        self._sum = 0

    def add(self, minute: int, durations: Iterable[int]) -> None:
        """Count durations in microseconds; `minute` is the number of the minute by a clock that never goes back."""
        with self._lock:
            if minute > self._now:
                self._turn(minute)
            counts = self._counts
            for each in durations:
                bucket = _bucket(each)
                counts[bucket] = counts.get(bucket, 0) + 1
                self._sum += max(0, each)

    def total(self) -> Tally:
        """Everything since the beginning."""
        with self._lock:
            parts, whole = [self._older, *self._minutes.values()], self._sum
            return Tally(buckets=_merged(parts), sum=whole)

    def recent(self, minute: int) -> Tally:
        """What was counted in the last minutes; its sum is not told."""
        with self._lock:
            parts = [counts for at, counts in self._minutes.items() if at > minute - MINUTES]
            return Tally(buckets=_merged(parts), sum=0)

    def _turn(self, minute: int) -> None:
        self._now = minute
        for at in [at for at in self._minutes if at <= minute - MINUTES]:
            self._older = _merged([self._older, self._minutes.pop(at)])
        self._counts = self._minutes[minute] = {}


def merged(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    each = list(tallies)
    return Tally(buckets=_merged(one.buckets for one in each), sum=sum(one.sum for one in each))


def _bucket(duration: int) -> int:
    """The bucket of a duration: above the lower edge, at most the upper one."""
    below = min(duration, LONGEST) - 1
    if below < 0:
        return 0
    shift = max(0, below.bit_length() - 1 - _FINE)
    return (shift << _FINE) + (below >> shift)


def _edges(bucket: int) -> tuple[int, int]:
    shift = max(0, (bucket >> _FINE) - 1)
    lowest = (bucket - (shift << _FINE)) << shift
    return lowest, lowest + (1 << shift)


def _merged(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    merged: dict[int, int] = {}
    for counts in parts:
        for bucket, n in counts.items():
            merged[bucket] = merged.get(bucket, 0) + n
    return merged
