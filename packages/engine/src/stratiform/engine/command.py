"""What a command does, declared beside its noun: it changes rows, or it files a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from stratiform.api.cloud import Submitted
from stratiform.engine.call import Call
from stratiform.engine.registry import Row
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


@dataclass(frozen=True)
class Change:
    """A command that only writes the database and answers the row that it made or changed, None if that is gone."""

    kind: str
    run: Callable[[Call], Row | None]
    tells: tuple[str, ...] = ()
    """What of the row that is answered is told beside the entity, as it is."""


@dataclass(frozen=True)
class Record:
    """As `Change`, but asynchronous on the wire: done when it is accepted, with a job that says so."""

    kind: str
    run: Callable[[Call], Row | None]


@dataclass(frozen=True)
class Submit:
    """A command that writes an entity, its claims and a job; `jobs` are the kinds that it may file."""

    run: Callable[[Call], Submitted]
    jobs: tuple[Job, ...]


Does: TypeAlias = Change | Record | Submit
Commands: TypeAlias = Mapping[str, Does]
"""By the command's name."""


class Nothing(msgspec.Struct, frozen=True):
    """What a job is told that has nothing left to do."""


@step(priority=Priority.CONTROL, filed=True, destroys=True)
def done(work: Work, run: Run[Nothing]) -> None:
    """It was done when it was accepted."""


def record(command: str) -> Job:
    """The job that stands for a `Record` command."""
    return Job(f"command.{command}", 1, Nothing, "infrastructure", [done])


def recorded(call: Call, kind: str, uuid: str) -> Submitted:
    """What is done is answered with the job that tells of it."""
    filed = call.work.submit(
        record(call.command), Nothing(), fair_key=call.who.account, resource=f"{kind}/{uuid}"
    )
    return Submitted(job=filed.uuid, entity=uuid)


def jobs(commands: Commands) -> Mapping[str, tuple[str, Job]]:
    """The jobs that commands file, by kind, each with the command that files it."""
    found: dict[str, tuple[str, Job]] = {}
    for name, does in commands.items():
        match does:
            case Submit(jobs=filed):
                found |= {job.name: (name, job) for job in filed}
            case Record():
                job = record(name)
                found[job.name] = (name, job)
    return found
