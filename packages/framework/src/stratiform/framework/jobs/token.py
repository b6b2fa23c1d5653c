"""Idempotency tokens: what is asked twice with the same one is done once, and answered alike.

A token's row is written by the transaction that does what is asked. So it is there if and only if that was done; an
error leaves none, and the same token may be sent again with what was wrong put right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import sqlalchemy
from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text

from stratiform.framework.base import errors
from stratiform.framework.config.option import Option, between
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.table import job as jobs
from stratiform.framework.jobs.table import metadata

RETENTION = Option(
    "idempotency.token.retention",
    86_400,
    "How long a repeated request with the same idempotency token is answered as the first one was.",
    unit="seconds",
    check=between(60, 30 * 86_400),
)
BATCH = 1000
"""Rows that are swept in one transaction."""

token = Table(
    "token",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("scope", Text, primary_key=True),  # what it is good for: the command
    Column("token", Text, primary_key=True),
    Column("request", Text, nullable=False),  # opaque: tells this request from another
    Column("job", Text),
    Column("resource", Text),
    Column("answer", Text),  # JSON
    Column("until", BigInteger, nullable=False),
)
"""What was done with a token, until it may be forgotten."""
Index("token_until", token.c.until)

_CLAIM = sqlalchemy.text(
    "INSERT INTO token (principal, scope, token, request, until)"
    " VALUES (:principal, :scope, :token, :request, :until) ON CONFLICT (principal, scope, token) DO UPDATE"
    " SET request = excluded.request, until = excluded.until, job = NULL, resource = NULL, answer = NULL"
    " WHERE token.until <= :now RETURNING 1"
)
"""Inserts, or takes over what is past its time. On PostgreSQL it waits for whoever inserts the same meanwhile."""

_SWEEP = sqlalchemy.text(
    "DELETE FROM token WHERE until <= :now AND (principal, scope, token) IN"
    " (SELECT principal, scope, token FROM token WHERE until <= :now ORDER BY until LIMIT :limit)"
)


class Reused(errors.Invalid):
    """The idempotency token {token} was used for {scope} with other parameters. Give each change a token of its own."""

    code = "token_reused"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A token: whose, for what, and its text."""

    principal: str
    scope: str
    text: str

    @property
    def row(self) -> Mapping[str, object]:
        """The columns that find it."""
        return {"principal": self.principal, "scope": self.scope, "token": self.text}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was done with a token."""

    job: str | None
    resource: str | None
    answer: object
    """None if nothing is answered but the job."""


Same = Callable[[str], bool]
"""Whether what is kept of a request tells of the same request as this one."""


def claim(tx: Transaction, key: Key, *, request: str, same: Same, until: int) -> Kept | None:
    """Take the token for what this transaction does, before it does it; `until` is when it may be forgotten.

    None: it is this transaction's. Else it was used, this very moment perhaps, and what is kept is to be answered.
    Raises `Reused`.
    """
    row = {**key.row, "request": request, "until": until, "now": tx.database.world.clock.now()}
    if tx.execute(_CLAIM, row).first() is not None:
        return None
    return _find(tx.connection, key, same)  # a statement of its own: it sees what the one before has waited for


def keep(
    tx: Transaction, key: Key, *, job: str | None = None, resource: str | None = None, answer: object = None
) -> None:
    """Keep what the transaction that claimed the token did. `answer` is plain data."""
    values = {"job": job, "resource": resource, "answer": _encode(answer)}
    tx.execute(sqlalchemy.update(token).where(*_this(key)).values(values))


def settle(tx: Transaction, key: Key, answer: object) -> object:
    """Keep an answer that came later, and answer the one that was kept first."""
    mine = sqlalchemy.update(token).where(*_this(key), token.c.answer.is_(None))
    tx.execute(mine.values(answer=_encode(answer)))
    kept = tx.connection.execute(sqlalchemy.select(token.c.answer).where(*_this(key))).scalar()
    return answer if kept is None else msgspec.json.decode(kept)  # none if its time was over before


def find(connection: Connection, key: Key, *, same: Same, now: int) -> Kept | None:
    """What was done with a token, if it was used and is not past its time. Raises `Reused`."""
    return _find(connection, key, same, token.c.until > now)


def sweep(tx: Transaction, limit: int = BATCH) -> int:
    """Forget tokens that are past their time, the oldest first; answers how many."""
    return tx.execute(_SWEEP, {"now": tx.database.world.clock.now(), "limit": limit}).rowcount


def is_free(connection: Connection, uuid: str) -> bool:
    """Whether no job has this UUID."""
    return not connection.execute(sqlalchemy.select(sqlalchemy.exists().where(jobs.c.uuid == uuid))).scalar()


def _find(connection: Connection, key: Key, same: Same, *where: sqlalchemy.ColumnElement[bool]) -> Kept | None:
    row = connection.execute(sqlalchemy.select(token).where(*_this(key), *where)).first()
    if row is None:
        return None
    if not same(row.request):
        raise Reused(token=key.text, scope=key.scope)
    answer = None if row.answer is None else msgspec.json.decode(row.answer)
    return Kept(job=row.job, resource=row.resource, answer=answer)


def _this(key: Key) -> tuple[sqlalchemy.ColumnElement[bool], ...]:
    return tuple(token.c[name] == value for name, value in key.row.items())


def _encode(answer: object) -> str | None:
    return None if answer is None else msgspec.json.encode(answer).decode()
