"""Connect a host: learn what it is made of, attach the pools that it reaches, and let machines in."""

import msgspec
import sqlalchemy

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.spec import HostFact
from stratiform.engine import registry
from stratiform.engine.host import service
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.host.jobs.equip import Equip, equip
from stratiform.engine.host.service import NOUN, OVERCOMMIT_CPU, OVERCOMMIT_MEMORY
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.host.table import host
from stratiform.engine.registry import Row
from stratiform.engine.size import MIB
from stratiform.engine.tools import Tools
from stratiform.framework.agents.message import message
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """Which host, and whether it is to take no machines at first."""

    host: int
    target: Target
    disabled: bool = False


@step(priority=Priority.CONTROL, filed=True)
def describe(work: Work, run: Run[Connect]) -> None:
    """Ask the host what it is made of."""
    send(work, run, run.payload.target, message(Hypervisor.describe))


@describe.undo
def give_up(work: Work, run: Run[Connect]) -> None:
    """It stays known, in Error, and takes nothing, unless it was removed meanwhile."""
    row = _row(work, run)
    if row.state == State.CREATING and row.removed is None:
        registry.move(work.tx, NOUN, row, machine, Event.FAIL)


@step(priority=Priority.CONTROL)
def measure(work: Work, run: Run[Connect]) -> None:
    """Record what it said."""
    (told,) = msgspec.convert(run.answer, list[HostFact])
    row = _row(work, run)
    config, scope = work.the(Tools).config, ("cluster", row.cluster_id)
    registry.change(
        work.tx,
        NOUN,
        row,
        cpus=told.cpus,
        speed=told.speed,
        memory=told.memory // MIB,
        cpu_total=int(told.cpus * told.speed * config.value(OVERCOMMIT_CPU, scope)),
        memory_total=int(told.memory // MIB * config.value(OVERCOMMIT_MEMORY, scope)),
        hypervisor_version=told.hypervisor_version,
        capabilities=",".join(told.capabilities) or None,
    )


@step(priority=Priority.STORAGE_PATH)
def furnish(work: Work, run: Run[Connect]) -> None:
    """Let it make the storage pools of its cluster and zone usable, before any machine may be placed there."""
    row = _row(work, run)
    work.spawn(run, equip, Equip(host=row.id, target=run.payload.target, silence=row.silences))


@step(priority=Priority.CONTROL)
def admit(work: Work, run: Run[Connect]) -> None:
    """Let placements in, unless an operator decided otherwise meanwhile; it answered, so it is Up."""
    row = _row(work, run)
    if row.state == State.CREATING:
        row = registry.move(work.tx, NOUN, row, machine, Event.SUCCEED)
        if run.payload.disabled:
            registry.move(work.tx, NOUN, row, machine, Event.DISABLE)
    service.answered(work.tx, work.world, row)


def _row(work: Work, run: Run[Connect]) -> Row:
    return work.tx.execute(sqlalchemy.select(host).where(host.c.id == run.payload.host)).one()


_STEPS = [describe, measure, furnish, admit]

connect = Job("host.connect", 1, Connect, "infrastructure", _STEPS)

reconnect = Job("host.reconnect", 1, Connect, "infrastructure", _STEPS)
"""The same for a host that could not be connected before."""


def file(work: Work, job: Job, row: Row, fair_key: str, *, disabled: bool = False) -> str:
    """File the job that connects a host; the job's UUID."""
    target = reach.by_id(work.tx, [row.id])[row.id].target
    payload = Connect(host=row.id, target=target, disabled=disabled)
    return work.submit(job, payload, fair_key=fair_key, resource=f"host/{row.uuid}").uuid
