"""Waiting for what jobs bring about: how far it is, which of them failed, and which takes too long."""

import time
from collections.abc import Callable
from typing import TypeAlias

import msgspec
import sqlalchemy
from sqlalchemy import ColumnElement, Select, Table

from stratiform.engine.schema import host, pool
from stratiform.framework.agents import states as connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.state import Outcome
from stratiform.framework.jobs.table import job
from stratiform.server.foreground import Ending

PATIENCE = 60.0
"""Seconds without any progress until something takes too long."""
POLL = 0.05

Pending: TypeAlias = Select[tuple[str, str, str | None, str | None]]
"""The name, and the job's UUID, outcome and error, of each entity that a job is to bring about."""


class Failed(errors.Error):
    """{name} did not become usable: {reason} See {command}; --fresh begins anew."""

    code = "quickstart_failed"


class Late(errors.Error):
    """{name} is not usable after {seconds} s. See what its job waits for with {command}, then start again."""

    code = "quickstart_late"


def _pending(table: Table, kind: str, job_kind: str, *where: ColumnElement[bool]) -> Pending:
    about = sqlalchemy.literal(f"{kind}/").concat(table.c.uuid)
    its_job = sqlalchemy.and_(job.c.resource == about, job.c.kind == job_kind, job.c.parent.is_(None))
    columns = (table.c.name, job.c.uuid, job.c.outcome, job.c.error)
    source = table.join(resource, resource.c.id == table.c.id) if table is host else table
    found = sqlalchemy.select(*columns).select_from(source.outerjoin(job, its_job))
    return found.where(table.c.removed.is_(None), *where).order_by(table.c.id)


HOSTS = _pending(
    host,
    "host",
    "host.connect",
    sqlalchemy.or_(host.c.state.in_(("Creating", "Error")), resource.c.state == connection.State.CONNECTING),
)
"""Hosts that were added and never were connected."""

POOLS = _pending(pool, "storage_pool", "pool.attach", pool.c.state.in_(("Initial", "Attaching")))
"""Pools that were added and never were attached."""


def wait(
    database: Database,
    pending: Pending,
    ending: Ending,
    tell: Callable[[str], None],
    command: Callable[[str], str],
    patience: float = PATIENCE,
) -> None:
    """Return once nothing is pending; tell what is left. `command` tells how to look at a job.

    Raises `Failed`, `Late`, and `Ended` if the end is asked for meanwhile.
    """
    least, since = None, time.monotonic()
    while True:
        with database.reading() as connected:
            rows = connected.execute(pending).all()
        if not rows:
            return
        for each in rows:
            if each.outcome in (Outcome.FAILED, Outcome.CANCELLED):
                reason = errors.restore(msgspec.json.decode(each.error or "{}"))
                raise Failed(name=each.name, reason=reason, command=command(each.uuid))
        if least is None or len(rows) < least:
            least, since = len(rows), time.monotonic()
            tell(f"{least} left")
        if time.monotonic() - since > patience:
            raise Late(name=rows[0].name, seconds=round(patience), command=command(rows[0].uuid))
        ending.check(POLL)
