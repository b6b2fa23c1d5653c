"""Expunge a volume: delete its disk through a host that reaches its pool, then give the room back."""

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec, VolumeSpec
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import send
from stratiform.engine.host.jobs.reach import NoHost, hosts
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Row
from stratiform.engine.volume import service
from stratiform.engine.volume.states import Event, State
from stratiform.engine.volume.table import volume
from stratiform.framework.agents.message import message
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Expunge(msgspec.Struct, frozen=True, kw_only=True):
    """Which volume."""

    volume: int


@step(priority=Priority.OPERATIONAL, destroys=True)
def begin(work: Work, run: Run[Expunge]) -> None:
    """From now on nobody gets it back."""
    if _row(work, run).state != State.EXPUNGING:
        _move(work, run, Event.EXPUNGE)


@step(priority=Priority.OPERATIONAL, destroys=True)
def erase(work: Work, run: Run[Expunge]) -> None:
    """Delete its disk, if it ever had one, through the first connected host that reaches its pool."""
    row = _row(work, run)
    if row.pool_id is None:
        return
    home = work.tx.execute(sqlalchemy.select(pool).where(pool.c.id == row.pool_id)).one()
    reached = hosts(work.tx, home)
    if not reached:
        raise NoHost(pool=home.name)
    disk = VolumeSpec(
        uuid=row.uuid,
        name=row.name,
        pool=PoolSpec(uuid=home.uuid, url=home.url),
        path=row.path,
        size=row.size,
        device=row.device or 0,
    )
    send(work, run, reached[0], message(PrimaryStorage.delete, disk))


@step(priority=Priority.OPERATIONAL, destroys=True)
def clear(work: Work, run: Run[Expunge]) -> None:
    """The disk is gone: give the room back and forget the volume."""
    row = _row(work, run)
    _move(work, run, Event.SUCCEED, removed=work.now)
    if row.pool_id is not None:
        capacity.release_pools(work.tx, [(row.pool_id, row.size)])


def _row(work: Work, run: Run[Expunge]) -> Row:
    return work.tx.execute(sqlalchemy.select(volume).where(volume.c.id == run.payload.volume)).one()


def _move(work: Work, run: Run[Expunge], event: Event, removed: int | None = None) -> None:
    told = service.move(work.tx, [run.payload.volume], event, "VOLUME.EXPUNGE", removed=removed)
    work.publish(told[run.payload.volume], run)


expunge = Job("volume.expunge", 1, Expunge, "volume", [begin, erase, clear], lane="volume/{volume}")
