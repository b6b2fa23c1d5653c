"""Logging in and out: who has this name and password, and the session and event that come of it."""

from collections.abc import Sequence

import sqlalchemy

from stratiform.api.events import EventName
from stratiform.engine.api import Row
from stratiform.engine.schema import account, account_user, domain, name_key
from stratiform.framework.context import Context, use
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.events import outbox
from stratiform.framework.telemetry.logs import get_logger
from stratiform.server.credential.password import Passwords
from stratiform.server.errors import LogInFailed, NoSession
from stratiform.server.session.store import ENABLED, Begun, Sessions

log = get_logger(__name__)

LONGEST = 255
"""Of a username, and of a domain's path."""
ROOT = "ROOT"
NOBODY = ""
"""A user that there is not: to find that out takes as long as to find a password wrong."""

_USERS = (
    sqlalchemy.select(
        account_user,
        account.c.uuid.label("account_uuid"),
        account.c.name.label("account_name"),
        account.c.role,
        account.c.state.label("account_state"),
        domain.c.uuid.label("domain_uuid"),
        domain.c.title,
    )
    .join_from(account_user, account, account_user.c.account_id == account.c.id)
    .join(domain, account.c.domain_id == domain.c.id)
    .where(*(each.c.removed.is_(None) for each in (account_user, account, domain)))
)


class Logins:
    """Begins and ends sessions."""

    def __init__(self, database: Database, passwords: Passwords, sessions: Sessions) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions

    def log_in(
        self, username: str, password: str, *, path: str, domain_id: str | None, request: str
    ) -> tuple[Row, Begun]:
        """The user with that name and password in the domain of this path or, rather, UUID, and a new session.

        Raises `LogInFailed` with the same words, after the same work, whatever is wrong, and `Busy` when as many
        passwords are being verified as may be: other requests need threads, too.
        """
        user = self._find(username, path, domain_id)
        proof = self._passwords.proof(NOBODY if user is None else user.uuid, password)
        if user is None or proof is None or {user.state, user.account_state} != {ENABLED}:
            raise _failed(username, domain_id or path)

        def begin(tx: Transaction) -> Begun:
            if not self._passwords.stands(tx, user.uuid, proof):
                raise _failed(username, domain_id or path)  # it was changed at this very moment
            _publish(tx, EventName.USER_LOGIN, user.uuid, user.generation, user.name)
            return self._sessions.begin(tx, user.id)

        with use(_context(user.uuid, user.account_uuid, request)):
            return user, self._database.run(begin)

    def log_out(self, token: str, *, request: str) -> None:
        """End a session. Raises `NoSession` if there is none, or none any more."""
        found = self._sessions.find(token)
        if found is None:
            raise NoSession

        def end(tx: Transaction) -> None:
            if not self._sessions.end(tx, token):
                raise NoSession
            uuid = account_user.c.uuid == found.principal.user
            user = tx.execute(sqlalchemy.select(account_user).where(uuid)).one()
            _publish(tx, EventName.USER_LOGOUT, user.uuid, user.generation, user.name)

        with use(_context(found.principal.user, found.principal.account, request)):
            self._database.run(end)

    def _find(self, username: str, path: str, domain_id: str | None) -> Row | None:
        title = "/".join((ROOT, *(part for part in path.split("/") if part)))
        if len(username) > LONGEST or len(title) > LONGEST or "\0" in f"{username}{title}":
            return None
        where = [account_user.c.name_key == name_key(username)]
        if domain_id is not None:
            where.append(domain.c.uuid == domain_id)
        else:
            where += [domain.c.name_key == name_key(title.rpartition("/")[2]), domain.c.level == title.count("/")]
        with self._database.reading() as connection:
            found: Sequence[Row] = connection.execute(_USERS.where(*where)).all()
        same = [each for each in found if domain_id is not None or name_key(each.title) == name_key(title)]
        return same[0] if same else None


def _failed(username: str, domain: str) -> LogInFailed:
    log.warning("log-in failed", username=username[:LONGEST], domain=domain[:LONGEST])
    return LogInFailed()


def _publish(tx: Transaction, kind: EventName, user: str, generation: int, name: str) -> None:
    event = outbox.Event(
        kind=kind, resource_kind="user", resource=user, generation=generation, payload={"name": name}
    )
    outbox.publish(tx, [event])


def _context(user: str, account: str, request: str) -> Context:
    return Context(principal=user, account=account, request=request, trace=request.replace("-", ""))
