"""Membership: this process's lease, and the burial of those whose lease ran out."""

from collections.abc import Sequence

import sqlalchemy
from sqlalchemy import ColumnElement

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.cluster import epoch
from stratiform.framework.cluster.alone import Alone
from stratiform.framework.cluster.table import process
from stratiform.framework.db.database import Database, Transaction

LEASE = 10 * SECOND

_DATABASE_TIME: ColumnElement[int] = sqlalchemy.literal_column(
    "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", sqlalchemy.BigInteger
)
"""Not now(), which stands still in a transaction."""


class Expired(errors.Error):
    """The lease of this process ({name}, {id}) has run out: others may have its work by now, so it stops."""

    code = "lease_expired"


class Membership:
    """A process's membership in the system: a row kept alive by beats, with a random identity.

    The one lease of the process is judged by two clocks: by this process's monotonic one, counted from before
    a beat was sent, and by the others with the database's time, counted from when it arrived. So a process
    knows that it has expired before anybody may bury it, even if the clocks of the servers disagree. Time is
    the world's on SQLite, where the others can only be dead (see `alone`), or with `database_time=False`.
    """

    def __init__(
        self,
        database: Database,
        world: World,
        name: str,
        *,
        version: str = "",
        lease: int = LEASE,
        alone: Alone | None = None,
        database_time: bool = True,
    ) -> None:
        self.id = world.ids.uuid()
        self.name = name
        self.version = version
        self.lease = lease
        self.floor = epoch.floor(1)
        self._world = world
        self._alone = alone
        self._database_time = database_time and database.dialect == "postgresql"
        self._until: int | None = None

    @property
    def alive(self) -> bool:
        """Whether the lease still runs, by the monotonic clock: asked right before anything irrevocable."""
        return self._until is not None and self._world.clock.monotonic() < self._until

    def check(self) -> None:
        """Raise `Expired` unless alive."""
        if not self.alive:
            raise Expired(name=self.name, id=self.id)

    def join(self, tx: Transaction) -> None:
        """Become a member once `tx` commits, and learn the `floor` of this database's epochs."""
        self.floor = epoch.floor(epoch.read_generation(tx.connection))
        row = {"id": self.id, "name": self.name, "version": self.version, "draining": False}
        now = self._now()
        times = {"started": now, "heartbeat": now, "lease_until": now + self.lease}
        self._hold(tx)
        tx.execute(sqlalchemy.insert(process).values(**row, **times))

    def begin_anew(self) -> None:
        """Take another identity after the lease ran out; `join` then makes it a member. The old one may be buried."""
        self.id = self._world.ids.uuid()
        self._until = None

    def beat(self, tx: Transaction, figures: str | None = None) -> None:
        """Extend the lease once `tx` commits, and tell what is told with it.

        Raises `Expired` if the lease ran out or this process was buried.
        """
        self.check()
        now = self._now()
        self._hold(tx)
        beat = sqlalchemy.update(process).where(process.c.id == self.id)
        if not tx.execute(beat.values(heartbeat=now, lease_until=now + self.lease, figures=figures)).rowcount:
            self._until = None
            raise Expired(name=self.name, id=self.id)

    def drain(self, tx: Transaction, draining: bool = True) -> None:
        """Tell everybody that this process takes no new work, or takes it again."""
        tx.execute(sqlalchemy.update(process).where(process.c.id == self.id).values(draining=draining))

    def leave(self, tx: Transaction) -> None:
        """Stop being a member: the row goes with `tx`, the right to act goes at once."""
        self._until = None
        tx.execute(sqlalchemy.delete(process).where(process.c.id == self.id))

    def is_dead(self) -> ColumnElement[bool]:
        """The condition that a row of `process` is one whose lease ran out; that of any other if this one is alone."""
        other = process.c.id != self.id
        return other if self._alone else sqlalchemy.and_(other, process.c.lease_until <= self._now())

    def bury(self, tx: Transaction, ids: Sequence[str]) -> list[str]:
        """Remove dead processes and answer those that were: one that beat in the meantime lives on.

        Of several buriers one gets the id, and with it the dead one's work. One that froze while it beat has its row
        locked and is left for the next time: nobody waits for it.
        """
        if not ids:
            return []
        unlocked = sqlalchemy.select(process.c.id).where(process.c.id.in_(ids), self.is_dead())
        removal = sqlalchemy.delete(process).where(
            process.c.id.in_(unlocked.with_for_update(skip_locked=True)), self.is_dead()
        )
        return sorted(tx.connection.execute(removal.returning(process.c.id)).scalars())

    def _hold(self, tx: Transaction) -> None:
        until = self._world.clock.monotonic() + self.lease

        def held() -> None:
            self._until = until

        tx.after_commit(held)

    def _now(self) -> ColumnElement[int]:
        if self._database_time:
            return _DATABASE_TIME
        return sqlalchemy.literal(self._world.clock.now(), sqlalchemy.BigInteger)
