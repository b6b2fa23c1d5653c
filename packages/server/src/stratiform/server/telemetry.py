"""The metrics of a server: its jobs, its HTTP queue and requests, its database, its hosts and its lease."""

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy
from sqlalchemy import func
from sqlalchemy.pool import QueuePool

from stratiform.framework.agents.states import State
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.meter import Meter
from stratiform.framework.jobs.metrics import Counted, Queued
from stratiform.framework.telemetry.metrics import Fresh, Metric, Page, Shape, Values
from stratiform.server.serving import HttpQueue
from stratiform.server.traffic import Requests


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
    """What is reached over the network, such as hosts: whether it answers. Asked for at most once a second."""

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
    )

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = database.world.clock
        self._found = Fresh(self._clock, self._ask)

    def read(self) -> Mapping[str, Values]:
        """How many answer."""
        now, found = self._clock.now(), self._found.value()
        return {
            "stratiform_resources": {(row.kind, row.state.lower()): row.number for row in found},
            "stratiform_resource_silent_seconds": {
                (row.kind,): max(0, now - row.since) / SECOND for row in found if row.state == State.DISCONNECTED
            },
        }

    def _ask(self) -> Sequence[sqlalchemy.Row[tuple[str, str, int, int]]]:
        groups = sqlalchemy.select(
            resource.c.kind, resource.c.state, func.count().label("number"), func.min(resource.c.since).label("since")
        )
        with self._database.reading() as connection:
            live = groups.where(resource.c.state != State.REMOVED)
            return connection.execute(live.group_by(resource.c.kind, resource.c.state)).all()


def page(
    *,
    database: Database,
    config: Config,
    meter: Meter,
    membership: Membership,
    requests: Requests,
    queue: Callable[[], HttpQueue],
) -> Page:
    """Everything that a server tells of itself."""
    return Page(
        [
            Counted(meter),
            Queued(database, config),
            requests,
            Http(queue),
            Own(database, membership),
            Resources(database),
        ]
    )
