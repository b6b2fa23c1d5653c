"""Expunge a volume: delete its disk through a host that reaches its pool, then give the room back."""

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec, VolumeSpec
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.host.table import host
from stratiform.engine.pool.table import pool
from stratiform.engine.volume.states import Event, State, machine
from stratiform.engine.volume.table import volume
from stratiform.framework.agents.message import message
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class NoHost(errors.Again):
    """No connected host reaches the storage pool {pool}."""

    code = "no_host"


class Expunge(msgspec.Struct, frozen=True, kw_only=True):
    """Which volume."""

    volume: int


@step(priority=Priority.OPERATIONAL, destroys=True)
def begin(work: Work, run: Run[Expunge]) -> None:
    """From now on nobody gets it back."""
    row = _row(work, run)
    if row.state != State.EXPUNGING:
        machine.transition_one(work.tx, volume, (row.id, row.state, row.generation), Event.EXPUNGE)


@step(priority=Priority.OPERATIONAL, destroys=True)
def erase(work: Work, run: Run[Expunge]) -> None:
    """Delete its disk, if it ever had one, through the first connected host of its pool's cluster or zone."""
    row = _row(work, run)
    if row.pool_id is None:
        return
    home = work.tx.execute(sqlalchemy.select(pool).where(pool.c.id == row.pool_id)).one()
    reaches = host.c.cluster_id == home.cluster_id if home.cluster_id else host.c.zone_id == home.zone_id
    reached = work.tx.execute(
        sqlalchemy.select(resource.c.uuid, resource.c.transport, resource.c.address, resource.c.location)
        .join(host, host.c.id == resource.c.id)
        .where(reaches, host.c.removed.is_(None), resource.c.state == Connection.UP)
        .order_by(host.c.id)
        .limit(1)
    ).one_or_none()
    if reached is None:
        raise NoHost(pool=home.name, reason=f"no connected host reaches the storage pool {home.name}")
    disk = VolumeSpec(
        uuid=row.uuid,
        name=row.name,
        pool=PoolSpec(uuid=home.uuid, url=home.url),
        path=row.path or row.uuid,
        size=row.size,
        device=row.device or 0,
    )
    send(work, run, Target(**reached._asdict()), message(PrimaryStorage.delete, disk))


@step(priority=Priority.OPERATIONAL, destroys=True)
def clear(work: Work, run: Run[Expunge]) -> None:
    """The disk is gone: give the room back and forget the volume."""
    row = _row(work, run)
    now = work.now
    machine.transition_one(work.tx, volume, (row.id, row.state, row.generation), Event.SUCCEED, removed=now)
    if row.pool_id is not None:
        capacity.release_pools(work.tx, [(row.pool_id, row.size)])


def _row(work: Work, run: Run[Expunge]) -> sqlalchemy.Row[object]:
    return work.tx.execute(sqlalchemy.select(volume).where(volume.c.id == run.payload.volume)).one()


expunge = Job("volume.expunge", 1, Expunge, "volume", [begin, erase, clear], lane="volume/{volume}")
