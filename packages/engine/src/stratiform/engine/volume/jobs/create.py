"""Create a volume: find it a pool, make its disk there through a host, and call it ready."""

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec, VolumeSpec
from stratiform.engine.capacity import service as capacity
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.pool.states import State as PoolState
from stratiform.engine.pool.table import pool
from stratiform.engine.volume.states import Event, State, machine
from stratiform.engine.volume.table import volume
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.events.outbox import Event as Told
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work
from stratiform.framework.machine import Lost


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
    host: Target


@step(priority=Priority.STORAGE_PATH, batch=True)
def plan(work: Work, runs: Sequence[Run[Create]]) -> None:
    """Claim room for each in the pool of its cluster or zone that has most left."""
    chosen: dict[int, sqlalchemy.Row[object]] = {}
    pools = work.tx.execute(
        sqlalchemy.select(pool).where(pool.c.state == PoolState.UP, pool.c.removed.is_(None)).order_by(pool.c.id)
    ).all()
    free = {each.id: each.total - each.used for each in pools}
    for run in runs:
        fits = [
            each
            for each in pools
            if each.zone_id == run.payload.zone
            and each.cluster_id in (None, run.payload.cluster)
            and free[each.id] >= run.payload.size
        ]
        if fits:
            best = max(fits, key=lambda each: (free[each.id], -each.id))
            free[best.id] -= run.payload.size
            chosen[run.id] = best
    granted = capacity.claim_pools(work.tx, [(chosen[run.id].id, run.payload.size) for run in runs if run.id in chosen])
    planned = []
    for run in runs:
        home = chosen.get(run.id)
        claim = [(home.id, run.payload.size)] if home is not None else []
        if home is not None and (home.id in granted or capacity.claim_pools(work.tx, claim)):
            planned.append((run, home))
        else:
            work.fail(run, NoPool(needed=run.payload.size))
    homes = {run.payload.volume: {"pool_id": home.id, "path": run.payload.uuid} for run, home in planned}
    _move(work, [run for run, _ in planned], Event.CREATE, homes)
    for run, home in planned:
        run.answer = PoolSpec(uuid=home.uuid, url=home.url)


@plan.undo
def forget(work: Work, run: Run[Create]) -> None:
    """Give the room back: the disk is known not to be there."""
    row = work.tx.execute(sqlalchemy.select(volume).where(volume.c.id == run.payload.volume)).one()
    if row.state != State.CREATING:
        return
    capacity.release_pools(work.tx, [(row.pool_id, row.size)])
    machine.transition_one(work.tx, volume, (row.id, row.state, row.generation), Event.FAIL, pool_id=None, path=None)


@step(priority=Priority.STORAGE_PATH)
def make(work: Work, run: Run[Create]) -> None:
    """Make the disk; the same command again finds it made."""
    send(work, run, run.payload.host, message(PrimaryStorage.create, spec(run)))


@make.undo
def unmake(work: Work, run: Run[Create]) -> None:
    """Make sure that no disk is left at its path before the room is given back."""
    row = work.tx.execute(
        sqlalchemy.select(pool.c.uuid, pool.c.url)
        .join(volume, volume.c.pool_id == pool.c.id)
        .where(volume.c.id == run.payload.volume)
    ).one_or_none()
    if row is not None:
        home = PoolSpec(uuid=row.uuid, url=row.url)
        send(work, run, run.payload.host, message(PrimaryStorage.delete, _spec(run.payload, home)), urgent=True)


@step(priority=Priority.STORAGE_PATH, batch=True)
def ready(work: Work, runs: Sequence[Run[Create]]) -> None:
    """The disk is there."""
    _move(work, runs, Event.SUCCEED)


def spec(run: Run[Create]) -> VolumeSpec:
    """The volume as a host makes it, in the pool that `plan` answered."""
    return _spec(run.payload, msgspec.convert(run.answer, PoolSpec))


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
    work: Work, runs: Sequence[Run[Create]], event: Event, homes: Mapping[int, Mapping[str, object]] | None = None
) -> None:
    """Take volumes to their next state. Raises `Lost`, and the step is tried again, if one was changed meanwhile."""
    wanted = sqlalchemy.select(volume.c.id, volume.c.uuid, volume.c.state, volume.c.generation).where(
        volume.c.id.in_(sorted(run.payload.volume for run in runs))
    )
    rows = {row.id: row for row in work.tx.execute(wanted)} if runs else {}
    members = [(row.id, row.state, row.generation) for row in rows.values()]
    moved = machine.transition(work.tx, volume, members, event, each=homes)
    for run in runs:
        row = rows[run.payload.volume]
        if row.id not in moved:
            raise Lost(kind=machine.kind, id=row.uuid, state=row.state, event=event.value)
        told = Told(
            kind="VOLUME.CREATE",
            resource_kind="volume",
            resource=row.uuid,
            generation=row.generation + 1,
            payload={"state": machine.after(row.state, event)},
        )
        work.publish(told, run)


create = Job("volume.create", 1, Create, "volume", [plan, make, ready])
