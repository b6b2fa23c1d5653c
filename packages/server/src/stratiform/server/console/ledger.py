"""Jobs in the words of an operator at a terminal."""

from collections.abc import Sequence

from sqlalchemy import Connection

from stratiform.framework.base import errors
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Facts, Reason
from stratiform.framework.jobs.kind import Registry


def find(connection: Connection, uuid: str) -> Facts:
    """The job of this UUID. Raises `NotFound`."""
    found = inspect.find(connection, uuid)
    if found is None:
        raise errors.NotFound(kind="job", key="id", value=uuid)
    return found


def last(job: Facts) -> int:
    """When something last happened to a job: `changed` is when that transaction began."""
    return max(job.changed, job.created, *(line.at for line in job.journal[-1:]))


def declared(job: Facts, registry: Registry) -> Sequence[str]:
    """The names of its steps, as far as this program knows its kind."""
    kind = registry.jobs.get((job.kind, job.version))
    return [each.name for each in kind.steps] if kind else []


def waits(job: Facts, now: int) -> str:
    """Why it does not go on, in words; empty if it has ended."""
    wait = job.waits_for
    if wait is None:
        return ""
    match wait.reason:
        case Reason.TIME if wait.at is not None:
            return f"waits for {max(0, wait.at - now) / 1e6:.1f} s more"
        case Reason.EFFECT:
            where = f"on {wait.key}" if wait.key else "on a server that is gone; another takes it over"
            return f"waits for the answer to {job.step} {where}"
        case _:
            return str(wait)
