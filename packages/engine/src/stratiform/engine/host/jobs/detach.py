"""Let a host leave a storage pool that is gone."""

import msgspec

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.command import Target, send
from stratiform.framework.agents.message import message
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Detach(msgspec.Struct, frozen=True, kw_only=True):
    """Which host, and what it leaves. If it cannot, it is asked again when it next comes back."""

    host: int
    target: Target
    pool: int
    spec: PoolSpec


@step(priority=Priority.OPERATIONAL)
def leave(work: Work, run: Run[Detach]) -> None:
    """Let it make sure that the pool is not used there any more."""
    if not reach.by_id(work.tx, [run.payload.host]):
        return work.complete(run)  # it is gone itself
    send(work, run, run.payload.target, message(PrimaryStorage.detach, run.payload.spec))
    return None


@step(priority=Priority.OPERATIONAL)
def forget(work: Work, run: Run[Detach]) -> None:
    """It has left the pool."""
    reach.detached(work.tx, work.world, run.payload.pool, run.payload.host)


detach = Job("host.detach", 1, Detach, "infrastructure", [leave, forget])
