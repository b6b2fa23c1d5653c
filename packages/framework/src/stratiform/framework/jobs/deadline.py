"""Deadlines: a job that has not ended by then is cancelled, as an operator would cancel it."""

from functools import partial

import sqlalchemy
import structlog

from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.jobs import control
from stratiform.framework.jobs.kind import Registry
from stratiform.framework.jobs.provided import Provided
from stratiform.framework.jobs.table import OVERDUE, job
from stratiform.framework.jobs.work import Work

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Jobs that one look cancels at most."""
SPELL = SECOND // 2
"""Microseconds that one look takes at most, about: the loop that looks also keeps the process alive."""

_OVERDUE = sqlalchemy.text(OVERDUE)
_PATIENCE = sqlalchemy.text("SET LOCAL lock_timeout = '200ms'")
"""On PostgreSQL: a process that froze with such a job locked must not stop the loops of all others."""


class Deadlines:
    """Cancels jobs whose deadline passed; one that cannot be cancelled any more goes on without a deadline."""

    def __init__(self, world: World, database: Database, registry: Registry, provided: Provided) -> None:
        self._world = world
        self._database = database
        self._registry = registry
        self._provided = provided

    def look(self) -> set[str]:
        """Cancel what is overdue; the stages that may have ready work for it.

        What somebody has locked, and what is of a kind that is not known here, is left for another time or server.
        """
        began, now = self._world.clock.monotonic(), self._world.clock.now()
        known = sqlalchemy.tuple_(job.c.kind, job.c.version).in_(self._registry.jobs)
        wanted = sqlalchemy.select(job.c.uuid).where(_OVERDUE, job.c.due <= now, known).order_by(job.c.due)
        free = wanted.limit(AT_ONCE).with_for_update(skip_locked=True)
        with self._database.reading() as connection:
            found = connection.execute(free).scalars().all()
        touched: set[str] = set()
        for uuid in found:
            if self._world.clock.monotonic() - began > SPELL:
                break
            touched |= self._cancel(uuid)
        return touched

    def _cancel(self, uuid: str) -> set[str]:
        try:
            return self._cancel_or_let_go(uuid)
        except control.Unread:
            return set()  # a child of a kind that another server knows
        except sqlalchemy.exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":  # somebody has it locked
                raise
            return set()

    def _cancel_or_let_go(self, uuid: str) -> set[str]:
        try:
            return self._database.run(partial(self._ask, uuid))
        except control.Unread:
            raise
        except (errors.Conflict, errors.NotFound) as error:
            self._database.run(partial(self._let_go, uuid, error))
            return set()

    def _ask(self, uuid: str, tx: Transaction) -> set[str]:
        _be_patient(tx)
        work = Work(tx, self._registry, self._world, self._provided)
        control.cancel(work, self._registry, uuid)
        work.finish()
        return work.touched

    def _let_go(self, uuid: str, error: errors.Error, tx: Transaction) -> None:
        """Unless somebody else has cancelled it meanwhile."""
        _be_patient(tx)
        still = sqlalchemy.update(job).where(job.c.uuid == uuid, _OVERDUE).values(due=None)
        if tx.execute(still).rowcount:
            log.warning("a job cannot be cancelled though its deadline passed", job=uuid, reason=str(error))


def _be_patient(tx: Transaction) -> None:
    if tx.dialect == "postgresql":
        tx.execute(_PATIENCE)
