"""Jobs as those who asked for them see them: the root jobs of commands, with whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import sqlalchemy

from stratiform.api.access import Access
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal
from stratiform.engine import visible
from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, mine, ownership
from stratiform.engine.registry import Row
from stratiform.engine.visible import Binding
from stratiform.framework.base import errors
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.state import Outcome, State
from stratiform.framework.jobs.table import job

BINDING = Binding(table=job, owner=account.c.uuid, scope=domain.c.path)

_JOBS = (
    sqlalchemy.select(
        job,
        account.c.uuid.label("account_uuid"),
        account.c.name.label("account_name"),
        domain.c.uuid.label("domain_uuid"),
        domain.c.title.label("domain_title"),
        *BINDING.columns(),
    )
    .select_from(job)
    .join(account, account.c.uuid == job.c.fair_key)
    .join(domain, domain.c.id == account.c.domain_id)
    .where(job.c.parent.is_(None))
)

MOST = 500


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What is known of a job that a command asked for."""

    uuid: str
    command: str
    """The command that asked for it, for example `startVirtualMachine`."""
    user: str
    account: str
    account_name: str
    domain: str
    domain_path: str
    """The domain's names from the root."""
    resource: str | None
    """What it is about: a kind and the UUID of an entity, with a slash between."""
    done: int
    """Steps behind it."""
    steps: int
    created: int
    finished: int | None
    error: Mapping[str, object] | None
    """Why it failed, as `errors.describe` tells it; None with `finished` set is success."""


class History:
    """The jobs that a principal may see."""

    def __init__(self, database: Database, gate: Access, commands: Mapping[str, str]) -> None:
        """`commands` names the command that files each kind of job."""
        self._database = database
        self._gate = gate
        self._commands = commands
        self._jobs = _JOBS.where(job.c.kind.in_(sorted(commands)))

    def find(self, uuid: str, who: Principal) -> Fact:
        """The job of this UUID. Raises `NotFound`, with the same words for one that is somebody else's."""
        with self._database.reading() as connection:
            row = connection.execute(self._jobs.where(job.c.uuid == uuid)).one_or_none()
            attributes = BINDING.attributes(connection, row) if row is not None else {}
        if row is None or not self._gate.may_use(who, "queryAsyncJobResult", "job", attributes):
            raise errors.NotFound(kind="job", key="id", value=uuid)
        return self._fact(row)

    def latest(self, resource: str, who: Principal) -> Fact:
        """The newest job about a resource. Raises `NotFound`."""
        seen = visible.compile(self._gate.visible(who, "queryAsyncJobResult", "job"), BINDING)
        newest = self._jobs.where(job.c.resource == resource, seen).order_by(job.c.id.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(newest).one_or_none()
        if row is None:
            raise errors.NotFound(kind="job", key="resource", value=resource)
        return self._fact(row)

    def list(self, who: Principal, query: Query) -> tuple[int, Sequence[Fact]]:
        """How many jobs match, and one page of them, newest first."""
        with self._database.reading() as connection:
            where = self._where(who, query)
            count = connection.execute(
                sqlalchemy.select(sqlalchemy.func.count()).select_from(self._jobs.where(*where).subquery())
            ).scalar_one()
            page = self._jobs.where(*where).order_by(job.c.created.desc(), job.c.id.desc())
            if query.pagesize != -1:
                size = query.pagesize or MOST
                page = page.limit(size).offset(size * (max(query.page or 1, 1) - 1))
            return count, [self._fact(row) for row in connection.execute(page)]

    def _where(self, who: Principal, query: Query) -> Sequence[sqlalchemy.ColumnElement[bool]]:
        asked = query.filters
        where = [visible.compile(self._gate.visible(who, "listAsyncJobs", "job"), BINDING)]
        where += ownership(BINDING, mine, Asked(who=who, filters=asked))
        if "keyword" in asked:
            part = str(asked["keyword"]).lower()
            where.append(job.c.kind.in_([kind for kind, name in self._commands.items() if part in name.lower()]))
        if "startdate" in asked:
            where.append(job.c.created >= asked["startdate"])
        if "resource" in asked:
            where.append(job.c.resource == asked["resource"])
        return where

    def _fact(self, row: Row) -> Fact:
        ended = row.state == State.ENDED
        failed = ended and row.outcome != Outcome.SUCCEEDED
        return Fact(
            uuid=row.uuid,
            command=self._commands[row.kind],
            user=row.principal,
            account=row.account_uuid,
            account_name=row.account_name,
            domain=row.domain_uuid,
            domain_path=row.domain_title,
            resource=row.resource,
            done=row.done,
            steps=row.steps,
            created=row.created,
            finished=row.changed if ended else None,
            error=msgspec.json.decode(row.error or '{"code": "internal"}', type=dict[str, object]) if failed else None,
        )
