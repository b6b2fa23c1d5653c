"""The job engine beside what else there is, in the same run on the same PostgreSQL: ratios, each with its goal.

Each figure is the median of interleaved rounds, each measurement a process of its own with a database of its own. What
is durable is durable for all: PostgreSQL syncs every commit. Queues are filled before the clock starts, tables are
analysed then, and the clock stops when the last job is recorded as ended.

- Ours: one process, one stage with two workers that take up 250 jobs at once. `peers/ours.py`
- The bare loop: one connection that claims and ends 250 rows in each transaction, and nothing else. `peers/loop.py`
- procrastinate: one worker that runs 20 coroutines at once, filled by `batch_defer`. `peers/procrastinating.py`
- DBOS: one executor, its own queue polled each 20 ms, 16 workflows at once. `peers/workflows.py`
- Deployments: signed requests of a tenant's to the server's application, without the socket, from four threads; the
  engine's stages; and hosts in memory that answer at once. Asked and carried out by one process, and on PostgreSQL by
  two servers of one cloud as well, of which one is asked and the other works. `peers/deploying.py`
- Idle: what one server with an empty cloud asks its database. `peers/idle.py`

A step of DBOS may act on the world. One of ours that does is an effect, with two commits; one that only writes the
database costs none of its own. Both are told. `nox -s bench` installs the rivals; whoever is not installed is left out.
Trust the ratios, not the figures.
"""

import importlib
import importlib.util
import logging
import multiprocessing
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))
from peers import lent
from tests import postgres

ROUNDS = 3
SQLITE = "sqlite"


@dataclass(frozen=True)
class Measurement:
    """A function of a module in `peers` that is called with the server and these, and answers one or more figures."""

    module: str
    function: str
    arguments: tuple[object, ...]
    needs: str = "stratiform"
    """What must be installed."""
    rounds: int = ROUNDS


MEASUREMENTS: Mapping[str, Measurement] = {
    "loop": Measurement("loop", "rate", (20_000,)),
    "noop": Measurement("ours", "rate", ("free", 10_000)),
    "batch": Measurement("ours", "rate", ("batch", 10_000)),
    "procrastinate": Measurement("procrastinating", "rate", (1_000,), "procrastinate"),
    "steps": Measurement("ours", "rate", ("steps", 5_000)),
    "effects": Measurement("ours", "rate", ("effects", 2_000)),
    "dbos steps": Measurement("workflows", "rate", ("steps", 200), "dbos"),
    "chain": Measurement("ours", "rate", ("chain", 3_000)),
    "dbos chain": Measurement("workflows", "rate", ("chain", 200), "dbos"),
    "latency": Measurement("ours", "latency", (200,)),
    "deploy": Measurement("deploying", "rates", (300,)),
    "idle": Measurement("idle", "rate", (10,), rounds=1),
    "page": Measurement("listing", "page", (100_000, 300), rounds=1),
}
ALSO_ON_SQLITE = ("loop", "noop", "steps", "chain", "latency", "deploy", "idle", "page")
DEPLOYED = ("filed before", "filed meanwhile by the same process", "filed meanwhile by another server")

Figures = Mapping[tuple[str, str], tuple[float, ...]]


def call(measurement: Measurement, server: str) -> tuple[float, ...]:
    """Measure once, in a process that is new."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = getattr(importlib.import_module(f"peers.{measurement.module}"), measurement.function)
    answer = found(server, *measurement.arguments)
    return answer if isinstance(answer, tuple) else (answer,)


def measure(measurement: Measurement, server: str) -> tuple[float, ...] | None:
    """Measure in a process of its own; None if that failed, which is told."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        try:
            return process.submit(call, measurement, server).result()
        except Exception as error:
            print(f"{measurement.module}.{measurement.function} failed: {error!r}", file=sys.stderr)
            return None


def rounds(server: str, names: Iterable[str]) -> Figures:
    """The medians by name and database: everything once, then everything again."""
    found = defaultdict(list)
    for turn in range(ROUNDS):
        for name in names:
            measurement = MEASUREMENTS[name]
            if turn >= measurement.rounds or importlib.util.find_spec(measurement.needs) is None:
                continue
            servers = {"postgresql": server} | ({SQLITE: SQLITE} if name in ALSO_ON_SQLITE else {})
            for dialect, url in servers.items():
                figures = measure(measurement, url)
                print(f"round {turn + 1}: {name} on {dialect}: {figures}", file=sys.stderr, flush=True)
                if figures is not None:
                    found[name, dialect].append(figures)
    return {key: tuple(map(statistics.median, zip(*each, strict=True))) for key, each in found.items()}


def tell(what: str, value: float | None, goal: str, *, least: float | None = None, most: float | None = None) -> None:
    """One line: what, the figure, the goal, and whether it is reached."""
    if value is None:
        print(f"{what:<80} not measured (goal {goal})")
        return
    reached = (least is None or value >= least) and (most is None or value <= most)
    told = "" if least is most is None else ": met" if reached else ": MISSED"
    print(f"{what:<80} {value:8.2f} (goal {goal}){told}")


def ratio(figures: Figures, one: str, other: str, dialect: str = "postgresql") -> float | None:
    """One rate in terms of another; None if either is missing."""
    if (one, dialect) not in figures or (other, dialect) not in figures:
        return None
    return figures[one, dialect][0] / figures[other, dialect][0]


def compare(figures: Figures) -> None:
    """Tell every ratio."""
    for one, kind in (("noop", ""), ("batch", ", in one call")):
        tell(f"no-op jobs{kind} / procrastinate", ratio(figures, one, "procrastinate"), ">= 20", least=20)
        tell(f"no-op jobs{kind} / bare batched loop", ratio(figures, one, "loop"), ">= 0.15, stretch 0.25", least=0.15)
    tell("five steps / DBOS", ratio(figures, "steps", "dbos steps"), ">= 30", least=30)
    tell("five effects, two commits each / DBOS steps", ratio(figures, "effects", "dbos steps"), "none")
    tell("chains of three levels / DBOS child workflows", ratio(figures, "chain", "dbos chain"), ">= 20", least=20)
    for dialect in ("postgresql", SQLITE):
        if ("latency", dialect) in figures:
            wait, commit = (1000 * each for each in figures["latency", dialect])
            most = 2 * commit + 2
            tell(f"idle start on {dialect}, p50, ms", wait, f"<= {most:.2f}: two commits + 2 ms", most=most)
        for how, per_second in zip(DEPLOYED, figures.get(("deploy", dialect), ()), strict=False):
            tell(f"machines deployed on {dialect}, per second, {how}", per_second, ">= 150", least=150)
        if ("idle", dialect) in figures:
            (asked,) = figures["idle", dialect]
            tell(f"statements per second of an idle server on {dialect}", asked, "<= 2", most=2)
        if ("page", dialect) in figures:
            page, bare = figures["page", dialect]
            tell(f"page of 100,000 queued jobs on {dialect}, p99 / by hand", page / bare, "<= 5", most=5)
    for name in ("noop", "steps", "chain", "deploy"):
        both = [figures.get((name, dialect), (None,))[0] for dialect in (SQLITE, "postgresql")]
        tell(f"SQLite / PostgreSQL: {name}", None if None in both else both[0] / both[1], ">= 1", least=1)
    starts = [figures.get(("latency", dialect), (None,))[0] for dialect in ("postgresql", SQLITE)]
    tell("SQLite / PostgreSQL: idle starts", None if None in starts else starts[0] / starts[1], ">= 1", least=1)


def main() -> None:
    """Measure what is named, or everything, and compare."""
    names = [name for name in MEASUREMENTS if not sys.argv[1:] or name in sys.argv[1:]]
    with postgres.server(**lent.DURABLE) as server:
        figures = rounds(server, names)
    for (name, dialect), each in figures.items():
        print(f"{name} on {dialect}: {', '.join(f'{figure:,.4g}' for figure in each)}")
    compare(figures)


if __name__ == "__main__":
    main()
