"""What a server tells of itself: its metrics, the figures of its queues, and its spans."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec
import sqlalchemy
from sqlalchemy import func
from sqlalchemy.pool import QueuePool

from stratiform.framework import plugins
from stratiform.framework.agents.channel import Channel, Command
from stratiform.framework.agents.circuit import circuits
from stratiform.framework.agents.frame import Fate, Reply
from stratiform.framework.agents.monitor import Monitor
from stratiform.framework.agents.states import State
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND, Clock
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.cluster.table import process
from stratiform.framework.config.option import Option
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.jobs import spans
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.kernel import TICK, Kernel
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.metrics import Counted, Queued
from stratiform.framework.telemetry.figures import HOUSEKEEPING, HTTP, MONITOR, Figures, Type
from stratiform.framework.telemetry.logs import get_logger
from stratiform.framework.telemetry.metrics import Fresh, Metric, Shape, Values
from stratiform.framework.telemetry.prometheus import Page
from stratiform.framework.telemetry.rounds import Rounds
from stratiform.framework.telemetry.tracing import Tracer
from stratiform.server.serving import HttpQueue
from stratiform.server.traffic import Requests

log = get_logger(__name__)

ENDPOINT = Option(
    "telemetry.otlp.endpoint",
    "",
    "Where spans are sent as OTLP over HTTP, for example http://127.0.0.1:4318; empty traces nothing. Needs the extra"
    " stratiform-server[otel], and a restart of each server.",
)

TRACER = "otlp"
"""The plug-in that sends them."""

OVER = frozenset({Fate.DONE, Fate.FAILED, Fate.INTERRUPTED, Fate.REFUSED})
"""What a far end says of a command that is over."""


OPEN = "circuit open"
"""What stands in place of a state where circuits are counted."""


class Http:
    """The queue of requests."""

    metrics = (
        Metric(name="stratiform_http_waiting", shape=Shape.GAUGE, help="Requests that no thread has taken up."),
        Metric(name="stratiform_http_busy", shape=Shape.GAUGE, help="Threads that answer a request."),
        Metric(name="stratiform_http_threads", shape=Shape.GAUGE, help="Threads that there are to answer requests."),
    )

    def __init__(self, queue: Callable[[], HttpQueue]) -> None:
        self._queue = queue

    def read(self) -> Mapping[str, Values]:
        """The queue as it stands."""
        found = self._queue()
        return {
            "stratiform_http_waiting": {(): found.waiting},
            "stratiform_http_busy": {(): found.busy},
            "stratiform_http_threads": {(): found.threads},
        }


class Own:
    """What this process has: its lease and its connections to the database."""

    metrics = (
        Metric(
            name="stratiform_server_lease", shape=Shape.GAUGE, help="1 while this server's lease runs: else it stops."
        ),
        Metric(name="stratiform_database_busy", shape=Shape.GAUGE, help="Connections to the database in use."),
        Metric(name="stratiform_database_connections", shape=Shape.GAUGE, help="Connections that there may be."),
    )

    def __init__(self, database: Database, membership: Membership) -> None:
        self._database = database
        self._membership = membership

    def read(self) -> Mapping[str, Values]:
        """Both as they are."""
        pool = self._database.engine.pool
        busy, most = (pool.checkedout(), pool.size()) if isinstance(pool, QueuePool) else (0, 0)
        return {
            "stratiform_server_lease": {(): int(self._membership.alive)},
            "stratiform_database_busy": {(): busy},
            "stratiform_database_connections": {(): most},
        }


class Resources:
    """What is reached over the network, such as hosts: whether it answers; and how many servers there are.

    Asked for at most once a second.
    """

    metrics = (
        Metric(
            name="stratiform_resources",
            shape=Shape.GAUGE,
            help="Resources by kind and by whether they answer.",
            labels=("kind", "state"),
        ),
        Metric(
            name="stratiform_resource_silent_seconds",
            shape=Shape.GAUGE,
            help="For how long the one that was silent longest has been Disconnected.",
            labels=("kind",),
        ),
        Metric(
            name="stratiform_host_circuit_open",
            shape=Shape.GAUGE,
            help="Hosts that do not end their commands, so that others are given new machines.",
        ),
        Metric(name="stratiform_servers", shape=Shape.GAUGE, help="Servers that are members."),
    )

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = database.world.clock
        self._found = Fresh(self._clock, self._ask)

    def read(self) -> Mapping[str, Values]:
        """How many answer."""
        now, rows = self._clock.now(), self._found.value()
        found = [row for row in rows if row.kind]
        return {
            "stratiform_resources": {(row.kind, row.state.lower()): row.number for row in found},
            "stratiform_resource_silent_seconds": {
                (row.kind,): max(0, now - row.since) / SECOND for row in found if row.state == State.DISCONNECTED
            },
            "stratiform_host_circuit_open": {(): sum(row.number for row in rows if row.state == OPEN)},
            "stratiform_servers": {(): sum(row.number for row in rows if not row.kind and not row.state)},
        }

    def _ask(self) -> Sequence[sqlalchemy.Row[tuple[str, str, int, int]]]:
        groups = sqlalchemy.select(
            resource.c.kind, resource.c.state, func.count().label("number"), func.min(resource.c.since).label("since")
        )
        live = groups.where(resource.c.state != State.REMOVED).group_by(resource.c.kind, resource.c.state)
        none = sqlalchemy.literal_column("''", sqlalchemy.Text)
        servers = sqlalchemy.select(none, none, func.count(), func.min(process.c.started)).select_from(process)
        since = circuits("host").c.since
        hosts = sqlalchemy.select(none, sqlalchemy.literal(OPEN), func.count(), func.min(since))
        with self._database.reading() as connection:
            return connection.execute(live.union_all(servers, hosts)).all()


def page(
    *,
    database: Database,
    config: Config,
    meter: Meter,
    registry: Registry,
    membership: Membership,
    requests: Requests,
    queue: Callable[[], HttpQueue],
) -> Page:
    """Everything that a server tells of itself."""
    return Page(
        [
            Counted(meter),
            Queued(database, config, registry),
            requests,
            Http(queue),
            Own(database, membership),
            Resources(database),
        ]
    )


def tracer(config: Config, server: str) -> Tracer | None:
    """What takes the spans of this server; None where no endpoint is set, or where nothing is there to send them."""
    endpoint = config.value(ENDPOINT)
    if not endpoint:
        return None
    try:
        made: Tracer = plugins.one("stratiform.tracer", TRACER, Make).plugin(endpoint, server)
    except Exception:
        log.exception("spans cannot be sent; nothing is traced", endpoint=endpoint)
        return None
    return made


class Make(Protocol):
    """The plug-in of a tracer."""

    def __call__(self, endpoint: str, server: str) -> Tracer:
        """A tracer that sends to an endpoint what a server of this name did."""


def teller(meter: Meter, clock: Clock) -> Callable[[Call[Command], Reply], None]:
    """Counts what far ends tell of commands, and traces those that are over."""

    def told(call: Call[Command], reply: Reply) -> None:
        meter.commanded(call.stage, str(reply.fate))
        if meter.tracer is not None and reply.fate in OVER:
            error = str((reply.error or {}).get("text") or reply.fate) if reply.fate is not Fate.DONE else None
            meter.tracer.emit(spans.command(call, call.payload.message.verb, str(reply.fate), error, clock))

    return told


def tell(
    kernel: Kernel, channel: Channel, monitor: Monitor, requests: Requests, queue: Callable[[], HttpQueue]
) -> None:
    """Let each beat tell of the HTTP queue and of what goes round too. Called once all duties are there."""
    watching = Rounds(MONITOR, kernel.world.clock)
    loop = Rounds(HOUSEKEEPING, kernel.world.clock)
    monitor.looked = watching.ended
    kernel.duties.append(partial(loop.mark, TICK))

    def http() -> Figures:
        found = queue()
        return Figures(
            name=HTTP,
            type=Type.HTTP.value,
            workers=found.threads,
            busy=found.busy,
            queued=found.waiting,
            services=requests.recent().buckets,
        )

    def watched() -> Figures:
        return msgspec.structs.replace(watching.figures(), queued=len(channel.waited_for()))

    kernel.meter.sources += [http, watched, loop.figures]
