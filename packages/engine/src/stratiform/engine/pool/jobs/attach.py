"""Attach a storage pool: a host that reaches it tells its size, and volumes may be placed there."""

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolFact, PoolSpec
from stratiform.engine import registry
from stratiform.engine.host.jobs import reach as hosts
from stratiform.engine.host.jobs.command import send
from stratiform.engine.host.jobs.reach import NoHost
from stratiform.engine.pool.service import NOUN, measured
from stratiform.engine.pool.states import Event, machine
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Row
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Unreached(errors.Conflict):
    """No connected host reaches the storage pool {name}. Add a host to its cluster or zone first."""

    code = "no_host"


class Attach(msgspec.Struct, frozen=True, kw_only=True):
    """Which pool."""

    pool: int


@step(priority=Priority.STORAGE_PATH)
def begin(work: Work, run: Run[Attach]) -> None:
    """Tell everybody that it is being attached."""
    registry.move(work.tx, NOUN, _row(work, run), machine, Event.ATTACH)


@begin.undo
def give_up(work: Work, run: Run[Attach]) -> None:
    """It stays known, and unused."""
    registry.move(work.tx, NOUN, _row(work, run), machine, Event.FAIL)


@step(priority=Priority.STORAGE_PATH)
def reach(work: Work, run: Run[Attach]) -> None:
    """Let each connected host make it usable; a host that connects later does so then."""
    row = _row(work, run)
    hosts.take_turns(work.tx, row.zone_id)
    found = hosts.attaching(work.tx, row)
    if not found:
        raise NoHost(pool=row.name)
    hosts.attach(work.tx, work.world, [(row.id, each.id) for each in found])
    for each in found:
        send(work, run, each.target, message(PrimaryStorage.attach, PoolSpec(uuid=row.uuid, url=row.url)))


@step(priority=Priority.STORAGE_PATH)
def open_(work: Work, run: Run[Attach]) -> None:
    """Record its size and let volumes in."""
    told = msgspec.convert(run.answer, list[PoolFact])
    row = measured(work.tx, _row(work, run), capacity=told[0].capacity, used_there=told[0].used)
    registry.move(work.tx, NOUN, row, machine, Event.SUCCEED)


def _row(work: Work, run: Run[Attach]) -> Row:
    return work.tx.execute(sqlalchemy.select(pool).where(pool.c.id == run.payload.pool)).one()


_STEPS = [begin, reach, open_]

attach = Job("pool.attach", 1, Attach, "infrastructure", _STEPS)

attach_again = Job("pool.reattach", 1, Attach, "infrastructure", _STEPS)
"""The same for a pool that could not be attached before."""


def file(work: Work, job: Job, row: Row, fair_key: str) -> str:
    """File the job that attaches a pool; the job's UUID. Raises `Unreached` if no connected host reaches it."""
    if not hosts.attaching(work.tx, row):
        raise Unreached(name=row.name)
    return work.submit(job, Attach(pool=row.id), fair_key=fair_key, resource=f"storage_pool/{row.uuid}").uuid
