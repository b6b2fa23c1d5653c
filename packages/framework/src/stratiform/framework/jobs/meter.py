"""What a process counts of its own work on jobs: how many, how long, how they ended."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from stratiform.framework.base.clock import Clock
from stratiform.framework.telemetry import figures
from stratiform.framework.telemetry.figures import Figures
from stratiform.framework.telemetry.histogram import MINUTE, Histogram, Percentiles, Tally, merged
from stratiform.framework.telemetry.tracing import Tracer

Label = tuple[str, ...]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a stage works in this process: counts since it began, percentiles over the last five minutes."""

    claimed: int
    """Times that a job was taken up: ready, and then in a worker's transaction."""
    ended: Mapping[str, int]
    """Jobs that ended, by outcome."""
    retried: int
    """Times that a step was put off to be tried again."""
    wait: Percentiles | None
    """From ready to taken up, in microseconds; None if nothing was."""
    service: Percentiles | None
    """From filed to ended, in microseconds; None if nothing did."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Everything that was counted since the process began, by labels in the order of their names here."""

    waits: Mapping[Label, Tally]
    """stage"""
    services: Mapping[Label, Tally]
    """stage, kind, outcome"""
    retries: Mapping[Label, int]
    """stage, kind"""
    steps: Mapping[Label, Tally]
    """kind, step"""
    transactions: Mapping[Label, Tally]
    """stage"""
    effects: Mapping[Label, Tally]
    """stage, kind, outcome"""
    commands: Mapping[Label, int]
    """kind, fate"""
    workers: Mapping[Label, int]
    """stage; as of the last beat"""
    busy: Mapping[Label, int]
    """stage"""


class Meter:
    """Counts what happens; may be called from any thread, costs about a microsecond, and raises nothing.

    Durations are whole microseconds, below 0 (a clock was set) counts as 0. Labels come from what is declared:
    never give a UUID. What is read is copied under locks that are held for some microseconds.

    | whoever | calls |
    |---|---|
    | takes ready jobs up, after the commit | `claimed(stage, [now - run.changed, ...])` |
    | ends a job, after the commit | `ended(stage, kind, outcome, run.changed - run.created)` |
    | lets a job try again later | `retried(stage, kind)` |
    | ran a step that only writes the database, for one run or a whole batch | `stepped(kind, step, us)` |
    | committed a transaction, or had it rolled back | `transaction(stage, us)` |
    | took an effect's answer | `effect(stage, kind, us, outcome)`: `done`, `failed` or `unknown` |
    | took a far end's reply | `commanded(kind, fate)` |
    | has a worker's thread do something | `with busy(stage)`, not nested |

    Whoever has a job or a command at hand when it ends asks whether there is a `tracer`, and tells that its span.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waits: dict[Label, Histogram] = {}
        self._services: dict[Label, Histogram] = {}
        self._steps: dict[Label, Histogram] = {}
        self._transactions: dict[Label, Histogram] = {}
        self._effects: dict[Label, Histogram] = {}
        self._retries: Counter[Label] = Counter()
        self._commands: Counter[Label] = Counter()
        self._busy: Counter[str] = Counter()
        self._workers: Mapping[Label, int] = {}
        self.tracer: Tracer | None = None
        """Takes the spans; None if nothing is traced."""
        self.sources: list[Callable[[], Figures]] = []
        """What else of this process has a queue; each is asked with every beat, and must not wait."""

    def claimed(self, stage: str, waits_us: Sequence[int]) -> None:
        """Jobs of a stage were taken up, each after so long in `ready`."""
        self._add(self._waits, (stage,), waits_us)

    def ended(self, stage: str, kind: str, outcome: str, service_us: int) -> None:
        """A job ended, so long after it was filed."""
        self._add(self._services, (stage, kind, outcome), (service_us,))

    def retried(self, stage: str, kind: str) -> None:
        """A step of a job is to be tried again."""
        with self._lock:
            self._retries[stage, kind] += 1

    def stepped(self, kind: str, step: str, us: int) -> None:
        """A step's function ran for so long, for one job or for a batch of them."""
        self._add(self._steps, (kind, step), (us,))

    def transaction(self, stage: str, us: int) -> None:
        """A worker of a stage had a transaction open for so long."""
        self._add(self._transactions, (stage,), (us,))

    def effect(self, stage: str, kind: str, us: int, outcome: str) -> None:
        """An effect was under way for so long, from its intent to its answer."""
        self._add(self._effects, (stage, kind, outcome), (us,))

    def commanded(self, kind: str, fate: str) -> None:
        """A far end told what became of a command to a resource of a kind."""
        with self._lock:
            self._commands[kind, fate] += 1

    @contextmanager
    def busy(self, stage: str) -> Iterator[None]:
        """A worker of a stage has something under way while the block runs."""
        with self._lock:
            self._busy[stage] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[stage] -= 1

    def figures(self, workers: Mapping[str, int]) -> str:
        """What this process tells of its queues: the stages, with so many workers each, and the other sources.

        Raises nothing: a source that fails is left out.
        """
        minute = self._minute()
        with self._lock:
            busy = dict(self._busy)
        self._workers = {(name,): number for name, number in workers.items()}
        told = [
            Figures(
                name=name,
                workers=number,
                busy=busy.get(name, 0),
                waits=self._recent(self._waits, name, minute),
                services=self._recent(self._services, name, minute),
            )
            for name, number in workers.items()
        ]
        for source in self.sources:
            try:
                told.append(source())
            except Exception:
                log.exception("figures cannot be told")
        return figures.encode(told)

    def snapshot(self) -> Mapping[str, Pace]:
        """How each stage works that had anything to do here, by name."""
        minute, retries = self._minute(), self._counted(self._retries)
        waits, services = dict(self._waits), dict(self._services)
        names = {label[0] for label in (*waits, *services, *retries)}
        return {
            name: _pace(
                minute,
                waits.get((name,)),
                {label: each for label, each in services.items() if label[0] == name},
                sum(n for label, n in retries.items() if label[0] == name),
            )
            for name in sorted(names)
        }

    def readings(self) -> Readings:
        """Everything since the process began."""
        return Readings(
            waits=self._copied(self._waits),
            services=self._copied(self._services),
            retries=self._counted(self._retries),
            steps=self._copied(self._steps),
            transactions=self._copied(self._transactions),
            effects=self._copied(self._effects),
            commands=self._counted(self._commands),
            workers=dict(self._workers),
            busy={label: self._busy[label[0]] for label in self._workers},
        )

    def _add(self, series: dict[Label, Histogram], label: Label, durations: Sequence[int]) -> None:
        found = series.get(label)
        if found is None:
            found = series.setdefault(label, Histogram())
        found.add(self._minute(), durations)

    def _recent(self, series: dict[Label, Histogram], stage: str, minute: int) -> Mapping[int, int]:
        return merged(each.recent(minute) for label, each in dict(series).items() if label[0] == stage).buckets

    def _minute(self) -> int:
        return self._clock.monotonic() // MINUTE

    def _copied(self, series: dict[Label, Histogram]) -> dict[Label, Tally]:
        return {label: each.total() for label, each in dict(series).items()}

    def _counted(self, counter: Counter[Label]) -> dict[Label, int]:
        with self._lock:
            return dict(counter)


def _pace(minute: int, waits: Histogram | None, services: Mapping[Label, Histogram], retried: int) -> Pace:
    ended: Counter[str] = Counter()
    for (_, _, outcome), each in services.items():
        ended[outcome] += each.total().count
    return Pace(
        claimed=waits.total().count if waits else 0,
        ended=dict(ended),
        retried=retried,
        wait=waits.recent(minute).percentiles() if waits else None,
        service=merged(each.recent(minute) for each in services.values()).percentiles(),
    )
