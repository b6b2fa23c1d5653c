"""Empty a host: each machine on it moves to another one while it runs, then the host is in maintenance."""

from collections.abc import Mapping

import msgspec
import sqlalchemy

from stratiform.engine import registry
from stratiform.engine.host.service import NOUN
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.host.table import host
from stratiform.engine.maintenance import service
from stratiform.engine.maintenance.jobs.leave import Leave, leave
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.state import Outcome
from stratiform.framework.jobs.table import job
from stratiform.framework.jobs.work import Work

TOLD = 50
"""Machines at most that an error tells of one by one."""


class NotEmptied(errors.Error):
    """{count} virtual machines could not leave the host {name}. Help them and prepare it again. {reasons}"""

    code = "not_emptied"


class Cancelled(errors.Error):
    """The maintenance of the host {name} was cancelled before it was empty. What had left it stays where it is."""

    code = "maintenance_cancelled"


class Maintain(msgspec.Struct, frozen=True, kw_only=True):
    """Which host."""

    host: int


@step(priority=Priority.CONTROL, filed=True)
def begin(work: Work, run: Run[Maintain]) -> None:
    """It takes nothing new since this was accepted; if it cannot be emptied, it is left in error."""


@begin.undo
def give_up(work: Work, run: Run[Maintain]) -> None:
    """What left it stays where it is; the job's error says of each machine that is left why it is."""
    row = _row(work, run)
    if row.state != State.PREPARE_FOR_MAINTENANCE or row.removed is not None:
        return
    registry.move(work.tx, NOUN, row, machine, Event.FAIL)
    left = service.plan(work.tx, work.the(Tools), row.id)
    if left:
        failed = _failures(work, run)
        told = [f"{each.machine.row.name}: {failed.get(each.machine.row.uuid) or each.reason}" for each in left[:TOLD]]
        # the engine knows of the first child that failed only; whoever asks wants to know of each
        run.error = errors.describe(NotEmptied(count=len(left), name=row.name, reasons=" ".join(told)))


@step(priority=Priority.CONTROL)
def evacuate(work: Work, run: Run[Maintain]) -> None:
    """Let every machine leave: those that run first, those that start or stop when that is over."""
    if _row(work, run).state == State.PREPARE_FOR_MAINTENANCE:
        for id, uuid in service.residents(work.tx, run.payload.host).items():
            work.spawn(run, leave, Leave(host=run.payload.host, vm=id), resource=f"vm/{uuid}")


@step(priority=Priority.CONTROL)
def arrive(work: Work, run: Run[Maintain]) -> None:
    """It is empty."""
    row = _row(work, run)
    if row.state == State.MAINTENANCE:
        return  # it was prepared twice
    if row.state != State.PREPARE_FOR_MAINTENANCE or row.removed is not None:
        raise Cancelled(name=row.name)
    if left := len(service.residents(work.tx, row.id)):
        raise NotEmptied(count=left, name=row.name, reasons="")
    registry.move(work.tx, NOUN, row, machine, Event.SUCCEED)


def _row(work: Work, run: Run[Maintain]) -> Row:
    return work.tx.execute(sqlalchemy.select(host).where(host.c.id == run.payload.host)).one()


def _failures(work: Work, run: Run[Maintain]) -> Mapping[str, str]:
    """Why machines could not leave, by their UUID, as the jobs tell that tried; some end in this very transaction."""
    found = sqlalchemy.select(job.c.resource, job.c.error).where(
        job.c.parent == run.id, job.c.outcome != Outcome.SUCCEEDED, job.c.error.is_not(None)
    )
    told = [(row.resource, msgspec.json.decode(row.error)) for row in work.tx.execute(found)]
    told += [(each.resource, each.error) for each in work.ended if each.parent == run.id and each.error is not None]
    return {str(resource).removeprefix("vm/"): str(errors.restore(error)) for resource, error in told}


maintain = Job("host.maintain", 1, Maintain, "infrastructure", [begin, evacuate, arrive], lane="maintenance/{host}")
