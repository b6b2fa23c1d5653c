"""The statements that the engine runs for every batch of jobs, written once for both dialects.

Each reads its rows from one JSON parameter (see `db.rows`), so it is one statement however many jobs there are; but
`insert` is given a job at a time on SQLite. The order of a transaction is: jobs by id, then what the steps write, then
lanes by key. Where jobs are carried on together a round may lock what an earlier one passed; the database tells of a
deadlock then, and the work is done again.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import sqlalchemy
from sqlalchemy import TextClause

from stratiform.framework.db import rows
from stratiform.framework.jobs.run import MUTABLE
from stratiform.framework.jobs.table import COLUMNS, OVERDUE, UNDER_WAY, job

_FREE = "CASE WHEN hold IS NULL THEN 'ready' ELSE 'held' END"
"""What a job becomes that nothing keeps from going on."""

_ALL = ", ".join(f"job.{name}" for name in COLUMNS)
"""Spelled out: a migration may have put a column elsewhere."""


def _hot(write: Callable[[str], str]) -> Callable[[str], TextClause]:
    return lru_cache(maxsize=2)(lambda dialect: sqlalchemy.text(write(dialect)))


def _locking(dialect: str, how: str) -> str:
    """Row locks: SQLite has none and needs none, its writers come one at a time."""
    return f" FOR UPDATE {how}" if dialect == "postgresql" else ""


@_hot
def claim(dialect: str) -> str:
    """The ready jobs of a stage with the lowest tickets, of the kinds that this process knows."""
    return _claim(dialect)


@_hot
def claim_some(dialect: str) -> str:
    """As `claim`, but of the roots that nobody has begun only so many: the first of them."""
    fresh = "parent IS NULL AND done = 0 AND way = 0 AND direction = 'forward' AND cancel IS NULL"
    first = f"SELECT id FROM job WHERE stage = :stage AND state = 'ready' AND {fresh} ORDER BY ticket, id LIMIT :fresh"
    begun = "job.done > 0 OR job.way > 0 OR job.direction <> 'forward' OR job.cancel IS NOT NULL"
    return _claim(dialect, f" AND (job.parent IS NOT NULL OR {begun} OR job.id IN ({first}))")


def _claim(dialect: str, also: str = "") -> str:
    running = "EXISTS (SELECT 1 FROM stage WHERE stage.name = job.stage AND stage.mode <> 'pause')"
    return (
        f"SELECT {_ALL} FROM job WHERE job.stage = :stage AND job.state = 'ready'"
        f" AND {_known(dialect)} AND {running}{also}"
        f" ORDER BY job.ticket, job.id LIMIT :limit{_locking(dialect, 'OF job SKIP LOCKED')}"
    )


@_hot
def lock_stage(dialect: str) -> str:
    """Take turns with whoever else takes up roots of a stage, or changes it; the next statement counts."""
    return f"SELECT in_flight FROM stage WHERE name = :stage{_locking(dialect, '')}"


@_hot
def under_way(dialect: str) -> str:
    """How many roots of a stage were begun and have not ended."""
    del dialect
    return f"SELECT count(*) FROM job WHERE stage = :stage AND {UNDER_WAY}"


@_hot
def queued(dialect: str) -> str:
    """How many roots wait in a stage; nobody counts beyond the limit."""
    del dialect
    return (
        "SELECT count(*) FROM (SELECT 1 FROM job WHERE stage = :stage AND state IN ('ready', 'blocked')"
        " AND parent IS NULL AND done = 0 LIMIT :limit) AS waiting"
    )


@_hot
def lock(dialect: str) -> str:
    """These jobs and all their ancestors, locked by id, in one statement.

    Each is looked up, by a scalar subquery and an array: PostgreSQL, which cannot tell how few these are, would join
    them with all history by hashing that.
    """
    wanted = rows.source(dialect, {"id": "integer"})
    parent = "(SELECT below.parent FROM job AS below WHERE below.id = up.id)"
    family = (
        f"WITH RECURSIVE up(id) AS (SELECT r.id FROM {wanted} UNION SELECT {parent} FROM up WHERE up.id IS NOT NULL)"
        " SELECT id FROM up"
    )
    among = f"= ANY (ARRAY({family}))" if dialect == "postgresql" else f"IN ({family})"
    return f"SELECT {_ALL} FROM job WHERE job.id {among} ORDER BY job.id{_locking(dialect, 'OF job')}"


@_hot
def insert(dialect: str) -> str:
    """New jobs, each with its ticket: behind the stage's clock and behind its account's own jobs there.

    Start-time fair queueing: `cost` is what the jobs of the same account before it in this statement, and it
    itself, take of the account's share, which its weight divides. `places` names each stage and account once.

    On SQLite a job is inserted at a time: then `cost` is its own, for it stands behind those before it.
    """
    if dialect == "sqlite":
        return _insert_one()
    kinds = rows.kinds(job, COLUMNS) | {"cost": "integer"}
    places = rows.source(dialect, {"stage": "text", "fair_key": "text"}, parameter="places", alias="p")
    latest = (
        "COALESCE((SELECT MAX(o.ticket) FROM job AS o WHERE o.stage = p.stage AND o.fair_key = p.fair_key"
        " AND o.state IN ('ready', 'blocked')), 0)"
    )
    clock = "COALESCE((SELECT clock FROM stage WHERE name = p.stage), 0)"
    weight = "COALESCE((SELECT weight FROM share WHERE share.fair_key = p.fair_key), 1)"
    found = f"SELECT p.stage, p.fair_key, {latest} AS latest, {clock} AS clock, {weight} AS weight FROM {places}"
    ticket = "r.cost / q.weight + CASE WHEN q.latest > q.clock THEN q.latest ELSE q.clock END"
    picked = ", ".join(ticket if name == "ticket" else f"r.{name}" for name in COLUMNS)
    return (
        f"INSERT INTO job ({', '.join(COLUMNS)}) WITH q AS MATERIALIZED ({found})"
        f" SELECT {picked} FROM {rows.source(dialect, kinds)} JOIN q ON q.stage = r.stage AND q.fair_key = r.fair_key"
    )


def _insert_one() -> str:
    latest = (
        "COALESCE((SELECT MAX(o.ticket) FROM job AS o WHERE o.stage = :stage AND o.fair_key = :fair_key"
        " AND o.state IN ('ready', 'blocked')), 0)"
    )
    clock = "COALESCE((SELECT clock FROM stage WHERE name = :stage), 0)"
    weight = "COALESCE((SELECT weight FROM share WHERE share.fair_key = :fair_key), 1)"
    ticket = f":cost / {weight} + MAX({latest}, {clock})"
    picked = ", ".join(ticket if name == "ticket" else f":{name}" for name in COLUMNS)
    return f"INSERT INTO job ({', '.join(COLUMNS)}) VALUES ({picked})"


@_hot
def update(dialect: str) -> str:
    """Everything that changed of jobs."""
    kinds = rows.kinds(job, ("id", *MUTABLE))
    sets = ", ".join(f"{name} = r.{name}" for name in MUTABLE)
    found = f"job.id = r.id{rows.few(dialect, 'job', 'id', 'integer')}"
    return f"UPDATE job SET {sets} FROM {rows.source(dialect, kinds)} WHERE {found}"


@_hot
def grant(dialect: str) -> str:
    """Ask `n` slots of each lane: as many as are free are taken, the rest queue; all of them where it is paused.

    Granted are `n - queued` if that is above 0: a lane has a queue only when it gives nothing out. The row is locked
    even when the lane is full, so that whoever frees a slot afterwards sees the one who queued.
    """
    wanted = rows.source(dialect, {"key": "text", "width": "integer", "n": "integer"})
    closed = "lane.mode <> 'run' OR lane.queued > 0 OR lane.busy > lane.width"
    free = f"CASE WHEN {closed} THEN 0 ELSE lane.width - lane.busy END"
    taken = f"CASE WHEN excluded.busy + excluded.queued <= {free} THEN excluded.busy + excluded.queued ELSE {free} END"
    return (
        "INSERT INTO lane (key, width, busy, queued)"
        " SELECT r.key, r.width, CASE WHEN r.n < r.width THEN r.n ELSE r.width END,"
        f" CASE WHEN r.n > r.width THEN r.n - r.width ELSE 0 END FROM {wanted} WHERE true ORDER BY r.key"
        f" ON CONFLICT (key) DO UPDATE SET busy = lane.busy + {taken},"
        f" queued = lane.queued + excluded.busy + excluded.queued - {taken}"
        " RETURNING key, queued"
    )


@_hot
def lock_lanes(dialect: str) -> str:
    """Lock lanes by key before slots are given back (PostgreSQL only: an UPDATE takes its rows in any order)."""
    wanted = rows.source(dialect, {"key": "text", "n": "integer"})
    return f"SELECT key FROM lane WHERE key IN (SELECT r.key FROM {wanted}) ORDER BY key{_locking(dialect, '')}"


@_hot
def release(dialect: str) -> str:
    """Give back `n` slots of each lane and say who has a queue; the next statement promotes, never this one.

    Releasing and looking in one statement would look with a snapshot from before the lock and leave the last
    to queue stuck for ever.
    """
    freed = rows.source(dialect, {"key": "text", "n": "integer"})
    return (
        f"UPDATE lane SET busy = lane.busy - r.n FROM {freed} WHERE lane.key = r.key"
        " RETURNING lane.key, CASE WHEN lane.mode = 'run' THEN lane.width - lane.busy ELSE 0 END AS free, lane.queued"
    )


@_hot
def promote(dialect: str) -> str:
    """The first blocked job of each lane becomes ready, or held if somebody wants that."""
    lanes = rows.source(dialect, {"key": "text"})
    return (
        f"UPDATE job SET state = {_FREE}, changed = :now WHERE id IN (SELECT (SELECT b.id FROM job AS b"
        " WHERE b.lane = r.key AND b.state = 'blocked' ORDER BY b.ticket, b.id LIMIT 1)"
        f" FROM {lanes}) RETURNING lane, stage"
    )


@_hot
def promoted(dialect: str) -> str:
    """Count promoted jobs into their lanes."""
    taken = rows.source(dialect, {"key": "text", "n": "integer"})
    return f"UPDATE lane SET busy = lane.busy + r.n, queued = lane.queued - r.n FROM {taken} WHERE lane.key = r.key"


@_hot
def leave_queue(dialect: str) -> str:
    """Count jobs out of the queues of lanes that they want no more."""
    left = rows.source(dialect, {"key": "text", "n": "integer"})
    return f"UPDATE lane SET queued = lane.queued - r.n FROM {left} WHERE lane.key = r.key"


@_hot
def wake(dialect: str) -> str:
    """Jobs whose time has come become ready, or held if somebody wants that."""
    return (
        f"UPDATE job SET state = {_FREE}, not_before = NULL, changed = :now WHERE id IN (SELECT job.id FROM job"
        " WHERE job.not_before <= :now AND job.state = 'waiting' AND job.pending = 0"
        f" ORDER BY job.id{_locking(dialect, 'OF job SKIP LOCKED')}) RETURNING stage"
    )


@_hot
def adopt(dialect: str) -> str:
    """Effects that nobody carries out: taken over with an epoch above every earlier one.

    Their process is gone, or they are in `rows`: the taker's own that it has lost sight of. What somebody has locked
    is left for the next time: the one loop of a process must never wait for a process that hangs.
    """
    lost = rows.source(dialect, {"id": "integer", "epoch": "integer"})
    return (
        "UPDATE job SET owner = :owner, changed = :now,"
        " epoch = CASE WHEN epoch >= :floor THEN epoch + 1 ELSE :floor + 1 END"
        " WHERE id IN (SELECT job.id FROM job WHERE job.owner IS NOT NULL AND job.state = 'running'"
        " AND (job.owner NOT IN (SELECT id FROM process) OR EXISTS"
        f" (SELECT 1 FROM {lost} WHERE job.owner = :owner AND r.id = job.id AND r.epoch = job.epoch))"
        f" AND {_known(dialect)} ORDER BY job.id{_locking(dialect, 'OF job SKIP LOCKED')}) RETURNING {_ALL}"
    )


@_hot
def set_aside(dialect: str) -> str:
    """Let a job wait that can neither be carried on nor failed."""
    del dialect
    return "UPDATE job SET state = 'waiting', not_before = :until, changed = :now WHERE id = :id AND state = 'ready'"


@_hot
def introduce(dialect: str) -> str:
    """Make stages known that are not; what is known of the others stays as it is."""
    stages = rows.source(dialect, {"name": "text", "workers": "integer"})
    return (
        "INSERT INTO stage (name, workers, mode, clock)"
        f" SELECT r.name, r.workers, 'run', 0 FROM {stages} WHERE true ORDER BY r.name ON CONFLICT (name) DO NOTHING"
    )


@_hot
def tick(dialect: str) -> str:
    """Move the clocks of stages forward, never back; one that somebody has locked is left for the next time."""
    clocks = rows.source(dialect, {"name": "text", "clock": "integer"})
    unlocked = f"SELECT name FROM stage ORDER BY name{_locking(dialect, 'SKIP LOCKED')}"
    return (
        f"UPDATE stage SET clock = r.clock FROM {clocks}"
        f" WHERE stage.name = r.name AND stage.clock < r.clock AND stage.name IN ({unlocked})"
    )


def agenda(watches: Mapping[str, str]) -> TextClause:
    """What the kernel asks once in a while, in one statement, a line each: `about` tells what of.

    Stages as they are set, and since when the first in line is ready; when the next timer is due; the process's own
    effects, by id and epoch, that somebody cancels; and what else is watched, queries that answer a number, by name.
    """
    return sqlalchemy.text(
        "SELECT 'stage' AS about, name, mode, workers, least, most, target, in_flight, depth, weight, deadline,"
        " (SELECT changed FROM job WHERE job.stage = stage.name AND job.state = 'ready'"
        " ORDER BY ticket, id LIMIT 1) AS at,"
        " CAST(NULL AS bigint) AS id, CAST(NULL AS bigint) AS epoch FROM stage"
        f" UNION ALL SELECT 'timer', {_none(10)}, MIN(not_before), NULL, NULL"
        " FROM job WHERE not_before IS NOT NULL AND pending = 0 AND state = 'waiting'"
        f" UNION ALL SELECT 'due', {_none(10)}, MIN(due), NULL, NULL FROM job WHERE {OVERDUE}"
        f" UNION ALL SELECT 'cancel', {_none(10)}, NULL, id, epoch"
        " FROM job WHERE owner = :owner AND state = 'running' AND cancel IS NOT NULL"
        + "".join(
            f" UNION ALL SELECT 'watch', '{name}', {_none(9)}, ({query}), NULL, NULL"
            for name, query in watches.items()
        )
    )


def _none(columns: int) -> str:
    return ", ".join(["NULL"] * columns)


def _known(dialect: str) -> str:
    """Of a kind known here, as is the parent's: at the end of a job its parent is carried on."""
    kinds = rows.source(dialect, {"kind": "text", "version": "integer"}, parameter="kinds", alias="k")
    names = f"SELECT k.kind || ' ' || k.version FROM {kinds}"
    own = f"EXISTS (SELECT 1 FROM {kinds} WHERE k.kind = job.kind AND k.version = job.version)"
    if dialect == "sqlite":  # which would read the parameter anew for each job
        own = f"job.kind || ' ' || job.version IN ({names})"
    return (
        # a scalar subquery: PostgreSQL would answer an EXISTS for many ready jobs by reading all history
        f"{own} AND (job.parent IS NULL OR (SELECT parent.kind || ' ' || parent.version FROM job AS parent"
        f" WHERE parent.id = job.parent) IN ({names}))"
    )
