"""What ended is kept for a while, and then forgotten; so are lanes that nobody holds or wants."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import sqlalchemy

from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.option import Option, between
from stratiform.framework.config.values import Config
from stratiform.framework.db import rows
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.jobs import token
from stratiform.framework.jobs.table import lane

RETENTION = Option(
    "job.expire.minutes",
    1440,
    "How long jobs are kept after they ended, each with all that came of it; at least as long as idempotency tokens.",
    unit="minutes",
    check=between(1, 5_256_000),
)

EVERY = 60 * SECOND
"""Between two looks when nothing is left to do."""
ROOTS = 100
"""Trees of a batch at most."""
BATCH = 500
"""Jobs that a transaction removes at most: of a larger tree the youngest first, the root last."""
PAGE = 1000
"""Lanes that are looked at at once."""
SPELL = SECOND // 20
"""How long one look goes on with batch after batch; a transaction is never longer than one batch."""

_IDLE = (lane.c.busy == 0, lane.c.queued == 0, lane.c.steered == 0)


def kept(config: Config) -> int:
    """For how many seconds jobs are kept: a repeated request is answered with its job, so that must be there still."""
    return max(config.value(RETENTION) * 60, config.value(token.RETENTION))


class Purge:
    """One of the duties of the kernel's loop; two statements a minute when there is nothing to do.

    Any number of processes may purge one database: each takes what no other has locked, and waits for nobody. A
    tree goes once its root ended long enough ago and nothing of it lives, the oldest first.
    """

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config
        self._clock = database.world.clock
        self._lane = ""
        self._jobs_at = self._lanes_at = self._clock.monotonic() + EVERY

    def look(self) -> None:
        """Forget a little of what is due."""
        now = self._clock.monotonic()
        if self._jobs_at <= now and not self._jobs(now + SPELL):
            self._jobs_at = now + EVERY
        if self._lanes_at <= now and not self._lanes():
            self._lanes_at = now + EVERY

    def _jobs(self, until: int) -> bool:
        """Whether there may be more."""
        before = self._clock.now() - kept(self._config) * SECOND
        while self._database.run(lambda tx: purge(tx, before)):
            if self._clock.monotonic() >= until:
                return True
        return False

    def _lanes(self) -> bool:
        """Look at the next lanes in the order of their keys; false at the end of them all."""
        page = sqlalchemy.select(lane.c.key, sqlalchemy.and_(*_IDLE).label("idle")).where(lane.c.key > self._lane)
        with self._database.reading() as connection:
            found = connection.execute(page.order_by(lane.c.key).limit(PAGE)).all()
        idle = [row.key for row in found if row.idle]
        if idle:
            self._database.run(lambda tx: forget_lanes(tx, idle))
        more = len(found) == PAGE
        self._lane = found[-1].key if more else ""
        return more


def purge(tx: Transaction, before: int) -> int:
    """Remove the oldest trees whose roots ended at or before a time (µs UTC); answers how many jobs went.

    Two statements, one if there are none; what another transaction has locked is left to it.
    """
    parameters = {"before": before, "limit": ROOTS}
    found = tx.connection.execute(_old(tx.dialect), parameters).all()
    roots = list(_fitting([(row.uuid, row.size) for row in found]))
    if not roots:
        return 0
    wanted = {"rows": rows.encode([{"root": root} for root in roots]), "limit": BATCH}
    return tx.execute(_remove(tx.dialect), wanted).rowcount


def forget_lanes(tx: Transaction, keys: Sequence[str]) -> int:
    """Remove those of these lanes that nobody holds, wants or has locked, unless an operator set them.

    Whoever asks for a slot at this moment either has the row locked, then it stays; or waits for this transaction
    and makes a new row, for INSERT .. ON CONFLICT begins anew when the row that it met is gone.
    """
    free = sqlalchemy.select(lane.c.key).where(lane.c.key.in_(keys), *_IDLE).with_for_update(skip_locked=True)
    return tx.execute(sqlalchemy.delete(lane).where(lane.c.key.in_(free), *_IDLE)).rowcount


def _fitting(trees: Sequence[tuple[str, int]]) -> Iterator[str]:
    """The first trees that go in one batch: at least one, however large it is."""
    left = BATCH
    for root, size in trees:
        if size > left and left < BATCH:
            return
        left -= size
        yield root


@lru_cache(maxsize=2)
def _old(dialect: str) -> sqlalchemy.TextClause:
    locking = " FOR UPDATE OF job SKIP LOCKED" if dialect == "postgresql" else ""
    members = "SELECT count(*) FROM job AS member WHERE member.root = job.uuid"
    return sqlalchemy.text(  # not NOT EXISTS: for that PostgreSQL would read the whole table
        f"SELECT job.uuid, ({members}) AS size FROM job"
        " WHERE job.state = 'ended' AND job.parent IS NULL AND job.changed <= :before"
        f" AND ({members} AND member.state <> 'ended') = 0 ORDER BY job.changed LIMIT :limit{locking}"
    )


@lru_cache(maxsize=2)
def _remove(dialect: str) -> sqlalchemy.TextClause:
    roots = rows.source(dialect, {"root": "text"})
    return sqlalchemy.text(
        "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE root IN"
        f" (SELECT r.root FROM {roots}) ORDER BY (parent IS NULL), id DESC LIMIT :limit)"
    )
