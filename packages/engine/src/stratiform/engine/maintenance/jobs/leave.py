"""Let one machine leave a host that is being emptied."""

import msgspec
import sqlalchemy

from stratiform.engine.host.states import State
from stratiform.engine.host.table import host
from stratiform.engine.vm.jobs.migrate import Migrate, migrate
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    """Which machine, and the host that it is to leave."""

    host: int
    vm: int


@step(priority=Priority.CONTROL)
def move(work: Work, run: Run[Leave]) -> None:
    """Move it to another host, unless the maintenance was cancelled before its turn came."""
    wanted = sqlalchemy.select(host.c.state).where(host.c.id == run.payload.host)
    if work.tx.connection.execute(wanted).scalar_one() == State.PREPARE_FOR_MAINTENANCE:
        work.spawn(run, migrate, Migrate(vm=run.payload.vm, leaving=run.payload.host))


leave = Job("host.leave", 1, Leave, "infrastructure", [move], lane="evacuation/{host}")
"""A few at a time, so that those whose turn has not come are still their tenants' to stop, and a cancel is in time."""
