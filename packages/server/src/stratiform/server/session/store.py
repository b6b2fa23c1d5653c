"""Sessions in the database: begun, recognised by one statement, ended, and swept away when nobody used them."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import bindparam

from stratiform.api.principal import Principal, Role
from stratiform.engine.schema import account, account_user, domain
from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.option import Option, at_least
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.db.prepared import Prepared
from stratiform.server.session.table import session

TIMEOUT = Option(
    "api.session.timeout",
    1800,
    "How long a session is good after its last request.",
    unit="seconds",
    check=at_least(30),
)
LENGTH = 32
"""Bytes of randomness in a token and in a key."""
AT_MOST = 60 * SECOND
"""A session's last use is written down once in this time, or in a thirtieth of the timeout if that is less."""
SWEEP = 60 * SECOND
"""Between two looks for sessions that are over."""
ENABLED = "enabled"

_FIND = (
    sqlalchemy.select(
        session.c.key,
        session.c.used,
        session.c.expires,
        account_user.c.uuid,
        account.c.uuid,
        account.c.role,
        domain.c.path,
        account_user.c.state,
        account.c.state,
        sqlalchemy.func.coalesce(account_user.c.removed, account.c.removed, domain.c.removed),
    )
    .join_from(session, account_user, session.c.user_id == account_user.c.id)
    .join(account, account_user.c.account_id == account.c.id)
    .join(domain, account.c.domain_id == domain.c.id)
    .where(session.c.token == bindparam("token"))
)
"""Everything that a session's request needs to know of its caller, in one statement."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What a session's owner is told of it, once."""

    token: str
    """What the session is found by."""
    key: str
    """What the owner sends along to show that no other site made the browser ask."""

    def __repr__(self) -> str:
        """Without either."""
        return "Begun()"


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session that is not over."""

    principal: Principal
    usable: bool
    """Whether its user and account are still there and enabled."""
    key: str
    used: int

    def opens_with(self, key: str) -> bool:
        """Whether it is the session's key."""
        return hmac.compare_digest(_hashed(key), self.key)


class Sessions:
    """The sessions of a cloud, the same behind each of its servers."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config
        self._find = Prepared(database, _FIND)
        self._sweep_at = self._now() + SWEEP

    @property
    def timeout(self) -> int:
        """Seconds that a session is good after its last request."""
        return self._config.value(TIMEOUT)

    def begin(self, tx: Transaction, user_id: int) -> Begun:
        """A new session of a user; its randomness is the system's, never a world's."""
        begun = Begun(token=secrets.token_urlsafe(LENGTH), key=secrets.token_urlsafe(LENGTH))
        now = self._now()
        row = {"token": _hashed(begun.token), "key": _hashed(begun.key), "user_id": user_id}
        times = {"created": now, "used": now, "expires": now + self.timeout * SECOND}
        tx.execute(sqlalchemy.insert(session), row | times)
        return begun

    def find(self, token: str) -> Session | None:
        """The session of this token unless it is over; one statement."""
        row = self._find.first({"token": _hashed(token)})
        if row is None:
            return None
        key, used, expires, user, owner, role, path, *states, removed = row
        if expires <= self._now():
            return None
        return Session(
            principal=Principal(user=user, account=owner, role=Role(role), scope=path),
            usable=states == [ENABLED, ENABLED] and removed is None,
            key=key,
            used=used,
        )

    def touch(self, token: str, found: Session) -> None:
        """Let it be good for another while; writes only if that was not done lately."""
        now, timeout = self._now(), self.timeout * SECOND
        if now - found.used < min(AT_MOST, timeout // 30):
            return
        one = (session.c.token == _hashed(token), session.c.used == found.used)
        later = sqlalchemy.update(session).where(*one).values(used=now, expires=now + timeout)
        self._database.run(lambda tx: tx.execute(later))

    def end(self, tx: Transaction, token: str) -> bool:
        """End it; whether it was there."""
        gone = sqlalchemy.delete(session).where(session.c.token == _hashed(token))
        return tx.execute(gone).rowcount > 0

    def forget(self, token: str) -> None:
        """End it, whether or not it is there, in a transaction of its own."""
        self._database.run(lambda tx: self.end(tx, token))

    def sweep(self) -> None:
        """Once a minute, forget the sessions that are over; one of the duties of the kernel's loop."""
        now = self._now()
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP
        over = session.c.expires <= now
        with self._database.reading() as connection:
            found = connection.execute(sqlalchemy.select(sqlalchemy.exists().where(over))).scalar()
        if found:
            self._database.run(lambda tx: tx.execute(sqlalchemy.delete(session).where(over)))

    def _now(self) -> int:
        return self._database.world.clock.now()


def end_all(tx: Transaction, users: sqlalchemy.Select[int]) -> None:
    """End every session of the users with these ids."""
    tx.execute(sqlalchemy.delete(session).where(session.c.user_id.in_(users)))


def _hashed(secret: str) -> str:
    """A hash to compare; what is hashed is random, so nothing slow is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()
