"""Connect a host: learn what it is made of, make it usable, and attach the pools it reaches."""

import msgspec
import sqlalchemy

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.spec import HostFact
from stratiform.engine import registry
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.host.service import NOUN, OVERCOMMIT_CPU, OVERCOMMIT_MEMORY
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.host.table import host
from stratiform.engine.tools import Tools
from stratiform.framework.agents.message import message
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work

MIB = 1 << 20


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """Which host."""

    host: int
    target: Target


@step(priority=Priority.CONTROL)
def describe(work: Work, run: Run[Connect]) -> None:
    """Ask the host what it is made of."""
    send(work, run, run.payload.target, message(Hypervisor.describe))


@step(priority=Priority.CONTROL)
def admit(work: Work, run: Run[Connect]) -> None:
    """Record what it said and let placements in, unless an operator decided otherwise meanwhile."""
    (told,) = run.answer if isinstance(run.answer, list) else (run.answer,)
    fact = msgspec.convert(told, HostFact)
    row = work.tx.execute(sqlalchemy.select(host).where(host.c.id == run.payload.host)).one()
    config, scope = work.the(Tools).config, ("cluster", row.cluster_id)
    row = registry.change(
        work.tx,
        NOUN,
        row,
        cpus=fact.cpus,
        speed=fact.speed,
        memory=fact.memory // MIB,
        cpu_total=int(fact.cpus * fact.speed * config.value(OVERCOMMIT_CPU, scope)),
        memory_total=int(fact.memory // MIB * config.value(OVERCOMMIT_MEMORY, scope)),
        hypervisor_version=fact.hypervisor_version,
        capabilities=",".join(fact.capabilities) or None,
    )
    if row.state == State.CREATING:
        registry.move(work.tx, NOUN, row, machine, Event.SUCCEED)


connect = Job("host.connect", 1, Connect, "infrastructure", [describe, admit])
