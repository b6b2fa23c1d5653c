"""Create a volume: find it a pool, make its disk there through a host, and call it ready."""

from collections.abc import Sequence

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec, VolumeSpec
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.host.jobs.reach import ANY
from stratiform.engine.pool.states import State as PoolState
from stratiform.engine.pool.table import pool
from stratiform.engine.registry import Row
from stratiform.engine.volume import service
from stratiform.engine.volume.states import Event, State
from stratiform.engine.volume.table import volume
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class NoPool(errors.Error):
    """No storage pool has {needed} bytes free that the host reaches. Add a pool, or free space in one."""

    code = "insufficient_storage_capacity"


class Create(msgspec.Struct, frozen=True, kw_only=True):
    """Which volume, as it was read under the lane of its machine, and the host that is to reach it."""

    volume: int
    uuid: str
    name: str
    size: int
    device: int
    template: str | None
    zone: int
    cluster: int
    hypervisor: str
    host: Target


_OPEN = sqlalchemy.select(pool).where(pool.c.state == PoolState.UP, pool.c.removed.is_(None)).order_by(pool.c.id)


@step(priority=Priority.STORAGE_PATH, batch=True)
def plan(work: Work, runs: Sequence[Run[Create]]) -> None:
    """Claim room for each in the pool of its cluster or zone that has most left."""
    homes = _claim(work, runs)
    planned = [run for run in runs if run.id in homes]
    where = {run.payload.volume: {"pool_id": homes[run.id].id, "path": run.payload.uuid} for run in planned}
    _move(work, planned, Event.CREATE, where)
    for run in runs:
        if run.id in homes:
            run.answer = _pool(homes[run.id])
        else:
            work.fail(run, NoPool(needed=run.payload.size))


@plan.undo
def forget(work: Work, run: Run[Create]) -> None:
    """Give the room back: the disk is known not to be there."""
    row = work.tx.execute(sqlalchemy.select(volume).where(volume.c.id == run.payload.volume)).one()
    if row.state == State.CREATING:
        told = service.move(work.tx, [row.id], Event.FAIL, "VOLUME.CREATE", pool_id=None, path=None)
        work.publish(told[row.id], run)
        capacity.release_pools(work.tx, [(row.pool_id, row.size)])


@step(priority=Priority.STORAGE_PATH)
def make(work: Work, run: Run[Create]) -> None:
    """Make the disk; the same command again finds it made."""
    send(work, run, run.payload.host, message(PrimaryStorage.create, spec(run)))


@make.undo
def unmake(work: Work, run: Run[Create]) -> None:
    """Make sure that no disk is left at its path before the room is given back."""
    home = sqlalchemy.select(pool).join(volume, volume.c.pool_id == pool.c.id).where(volume.c.id == run.payload.volume)
    row = work.tx.execute(home).one_or_none()
    if row is not None:
        disk = _spec(run.payload, _pool(row))
        send(work, run, run.payload.host, message(PrimaryStorage.delete, disk), urgent=True)


@step(priority=Priority.STORAGE_PATH, batch=True)
def ready(work: Work, runs: Sequence[Run[Create]]) -> None:
    """The disk is there."""
    _move(work, runs, Event.SUCCEED)


def spec(run: Run[Create]) -> VolumeSpec:
    """The volume as a host makes it, in the pool that `plan` answered."""
    return _spec(run.payload, msgspec.convert(run.answer, PoolSpec))


def _claim(work: Work, runs: Sequence[Run[Create]]) -> dict[int, Row]:
    """A pool with room claimed by the id of a run, first for all of a pool together, then one by one."""
    pools = work.tx.execute(_OPEN).all()
    free = {each.id: each.total - each.used for each in pools}
    best: dict[int, Row] = {}
    for run in runs:
        fitting = [each for each in _reached(run.payload, pools) if free[each.id] >= run.payload.size]
        if fitting:
            best[run.id] = max(fitting, key=lambda each: (free[each.id], -each.id))
            free[best[run.id].id] -= run.payload.size
    together = [(best[run.id].id, run.payload.size) for run in runs if run.id in best]
    granted = capacity.claim_pools(work.tx, together)
    homes = {}
    for run in runs:
        home = best.get(run.id)
        if home is None or home.id not in granted:
            home = _alone(work, run.payload, pools)
        if home is not None:
            homes[run.id] = home
    return homes


def _alone(work: Work, wanted: Create, pools: Sequence[Row]) -> Row | None:
    """The first pool, of those that had room, that has it still."""
    for each in _reached(wanted, pools):
        if each.total - each.used >= wanted.size and capacity.claim_pools(work.tx, [(each.id, wanted.size)]):
            return each
    return None


def _reached(wanted: Create, pools: Sequence[Row]) -> list[Row]:
    """The pools that the host reaches: those of its cluster, and those of its zone for its hypervisor."""
    wide = (wanted.hypervisor, ANY)
    return [
        each
        for each in pools
        if each.zone_id == wanted.zone
        and (each.cluster_id == wanted.cluster or (each.cluster_id is None and each.hypervisor in wide))
    ]


def _pool(row: Row) -> PoolSpec:
    return PoolSpec(uuid=row.uuid, url=row.url)


def _spec(wanted: Create, home: PoolSpec) -> VolumeSpec:
    return VolumeSpec(
        uuid=wanted.uuid,
        name=wanted.name,
        pool=home,
        path=wanted.uuid,
        size=wanted.size,
        device=wanted.device,
        template=wanted.template,
    )


def _move(
    work: Work, runs: Sequence[Run[Create]], event: Event, each: dict[int, dict[str, object]] | None = None
) -> None:
    told = service.move(work.tx, [run.payload.volume for run in runs], event, "VOLUME.CREATE", each=each)
    for run in runs:
        work.publish(told[run.payload.volume], run)


create = Job("volume.create", 1, Create, "volume", [plan, make, ready])
