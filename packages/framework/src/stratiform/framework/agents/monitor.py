"""Watches resources: probes them, and records only when one begins or ceases to answer."""

from collections.abc import Callable, Sequence

import sqlalchemy
import structlog

from stratiform.framework import context
from stratiform.framework.agents.channel import Channel
from stratiform.framework.agents.states import Event, State, machine
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.config.option import Option, between
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.events import outbox

log = structlog.get_logger(__name__)

INTERVAL = Option(
    "ping.interval",
    5,
    "How long it is between two looks at whether a resource answers.",
    unit="seconds",
    check=between(1, 3_600),
)
TIMEOUT = Option(
    "ping.timeout",
    3.0,
    "A resource that was silent for so many ping intervals is Disconnected.",
    check=between(1.0, 100.0),
)

PRINCIPAL = "system:monitor"
"""On whose behalf a change of a connection's state is recorded: nobody asked for it, it was observed."""


class Monitor:
    """Watches every resource of this process; one of the duties of the kernel's loop, and never blocks it.

    Commands to a resource that is not there any more are failed.

    Silence is counted by the monotonic clock and only while this process itself was awake and could ask: a jump of
    the clock, a stall or a database that was away make nobody Disconnected. `changed(tx, ids, state)` is called in
    the transaction that records a change.
    """

    def __init__(
        self,
        world: World,
        database: Database,
        channel: Channel,
        config: Config,
        changed: Callable[[Transaction, Sequence[int], State], None] | None = None,
    ) -> None:
        self._world = world
        self._database = database
        self._channel = channel
        self._config = config
        self._changed = changed
        self._known: dict[str, str] = {}
        self._met: dict[str, tuple[int, int]] = {}
        self._asked: int | None = None
        self.looked: Callable[[int, int], None] = lambda late, took: None
        """Is told of each round: how much later than due it began, and how long it took (µs)."""
        self._awake = world.clock.monotonic()

    def look(self) -> None:
        """Probe if it is time, and record what changed since."""
        now = self._world.clock.monotonic()
        interval = self._config.value(INTERVAL) * SECOND
        if self._asked is not None and now - self._asked < interval and not self._news(self._asked):
            return
        waited_for = self._channel.waited_for()  # before the look, so that none is missed that was just made
        rows = self._resources()
        self._channel.dismiss(waited_for - {row.uuid for row in rows})
        late = 0 if self._asked is None else max(0, now - self._asked - interval)
        if self._asked is not None and now - self._asked > 2 * interval:
            self._awake = now
        self._asked = now
        self._known = {row.uuid: row.state for row in rows}
        self._meet(rows, now)
        self._channel.tend(frozenset((row.transport, row.address) for row in rows))
        for row in rows:
            self._channel.probe(row.uuid, row.transport, row.address, row.location)
        self._record(rows, int(interval * self._config.value(TIMEOUT)))
        self.looked(late, self._world.clock.monotonic() - now)

    def _news(self, asked: int) -> bool:
        """Whether somebody answered who is not recorded as answering."""
        heard = self._channel.heard().copy()
        return any(self._known.get(uuid) != State.UP and at >= asked for uuid, at in heard.items())

    def _meet(self, rows: Sequence[sqlalchemy.Row[object]], now: int) -> None:
        """Since when each is known here as it is now: by its generation."""
        before = self._met
        self._met = {
            row.uuid: before[row.uuid]
            if row.uuid in before and before[row.uuid][0] == row.generation
            else (row.generation, now)
            for row in rows
        }

    def links(self) -> frozenset[tuple[str, str]]:
        """The transports and addresses of the far ends that there are."""
        return frozenset((row.transport, row.address) for row in self._resources())

    def _resources(self) -> Sequence[sqlalchemy.Row[object]]:
        with self._database.reading() as connection:
            live = sqlalchemy.select(resource).where(resource.c.state != State.REMOVED)
            return connection.execute(live).all()

    def _record(self, rows: Sequence[sqlalchemy.Row[object]], patience: int) -> None:
        heard, now = self._channel.heard(), self._world.clock.now()
        patient_since = self._world.clock.monotonic() - patience
        fresh = [row for row in rows if row.state != State.UP and heard.get(row.uuid, patient_since) > patient_since]
        silent = [
            row
            for row in rows
            if row.state != State.DISCONNECTED
            and max(heard.get(row.uuid, self._awake), self._met[row.uuid][1], self._awake) <= patient_since
        ]
        if not fresh and not silent:
            return
        with self._database.transaction() as tx, context.use(context.begin(self._world.ids, PRINCIPAL)):
            self._move(tx, fresh, Event.ANSWERED, now)
            self._move(tx, silent, Event.SILENT, now)

    def _move(self, tx: Transaction, rows: Sequence[sqlalchemy.Row[object]], event: Event, now: int) -> None:
        if not rows:
            return
        seen = self._channel.seen()
        members = [(row.id, row.state, row.generation) for row in rows]
        last = {row.id: {"last_seen": seen.get(row.uuid, row.last_seen)} for row in rows}
        moved = machine.transition(tx, resource, members, event, each=last, since=now)
        told = [
            outbox.Event(
                kind=f"{row.kind.upper()}.{'UP' if event is Event.ANSWERED else 'DISCONNECTED'}",
                resource_kind=row.kind,
                resource=row.uuid,
                generation=row.generation + 1,
            )
            for row in rows
            if row.id in moved
        ]
        outbox.publish(tx, told)
        log.info("resources changed", change=event.value, resources=[row.uuid for row in rows if row.id in moved])
        if self._changed:
            self._changed(tx, sorted(moved), State.UP if event is Event.ANSWERED else State.DISCONNECTED)
