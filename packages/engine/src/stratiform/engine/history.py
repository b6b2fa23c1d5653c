"""Jobs as those who asked for them see them: the root jobs of commands, with whose they are."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy

from stratiform.api.access import Access
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal
from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, Narrow, mine
from stratiform.engine.visible import Binding, Condition
from stratiform.framework.base import errors
from stratiform.framework.db.database import Database
from stratiform.framework.jobs.state import Outcome, State
from stratiform.framework.jobs.table import job


def _since(value: object, _: Asked) -> Condition:
    return job.c.created >= value


JOBS = Listing(
    kind="job",
    table=job,
    joins=[(account, account.c.uuid == job.c.fair_key), (domain, domain.c.id == account.c.domain_id)],
    columns={
        "uuid": job.c.uuid,
        "kind": job.c.kind,
        "user": job.c.principal,
        "account": job.c.fair_key,
        "account_name": account.c.name,
        "domain": domain.c.uuid,
        "domain_path": domain.c.title,
        "resource": job.c.resource,
        "done": job.c.done,
        "steps": job.c.steps,
        "created": job.c.created,
        "changed": job.c.changed,
        "state": job.c.state,
        "outcome": job.c.outcome,
        "error": job.c.error,
    },
    live=job.c.parent.is_(None),
    filters={"startdate": _since, "resource": job.c.resource},
    order=[job.c.created, job.c.id],
    newest_first=True,
    binding=Binding(table=job, owner=job.c.fair_key, owner_key=job.c.fair_key, scope=domain.c.path),
    own=mine,
)
"""The list of jobs, by the names of `Fact`; of which kinds a `History` says."""


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
        self._jobs = dataclasses.replace(
            JOBS,
            live=sqlalchemy.and_(job.c.parent.is_(None), job.c.kind.in_(sorted(commands))),
            filters={**JOBS.filters, "keyword": self._called()},
        )

    def find(self, uuid: str, who: Principal) -> Fact:
        """The job of this UUID. Raises `NotFound`, with the same words for one that is somebody else's."""
        return self._first(who, {"id": uuid}, key="id", value=uuid)

    def latest(self, resource: str, who: Principal) -> Fact:
        """The newest job about a resource. Raises `NotFound`."""
        return self._first(who, {"resource": resource, "listall": True}, key="resource", value=resource)

    def list(self, who: Principal, query: Query) -> tuple[int, Sequence[Fact]]:
        """How many jobs match, and one page of them, newest first."""
        visible = self._gate.visible(who, "listAsyncJobs", "job")
        with self._database.reading() as connection:
            page = self._jobs.page(connection, visible, who, query)
        return page.count, [self._fact(row) for row in page.rows]

    def _first(self, who: Principal, filters: Mapping[str, object], *, key: str, value: str) -> Fact:
        visible = self._gate.visible(who, "queryAsyncJobResult", "job")
        with self._database.reading() as connection:
            row = self._jobs.first(connection, visible, Asked(who=who, filters=filters))
        if row is None:
            raise errors.NotFound(kind="job", key=key, value=value)
        return self._fact(row)

    def _called(self) -> Narrow:
        """A keyword is a part of the command's name."""

        def narrow(value: object, _: Asked) -> Condition:
            part = str(value).lower()
            return job.c.kind.in_([kind for kind, name in self._commands.items() if part in name.lower()])

        return narrow

    def _fact(self, row: Mapping[str, Any]) -> Fact:
        ended = row["state"] == State.ENDED
        failed = ended and row.get("outcome") != Outcome.SUCCEEDED
        error = row.get("error", '{"code": "internal"}')
        return Fact(
            uuid=row["uuid"],
            command=self._commands[row["kind"]],
            user=row["user"],
            account=row["account"],
            account_name=row.get("account_name", ""),
            domain=row.get("domain", ""),
            domain_path=row.get("domain_path", ""),
            resource=row.get("resource"),
            done=row["done"],
            steps=row["steps"],
            created=row["created"],
            finished=row["changed"] if ended else None,
            error=msgspec.json.decode(error, type=dict[str, object]) if failed else None,
        )
