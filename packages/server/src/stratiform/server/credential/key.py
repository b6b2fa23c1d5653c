"""Key pairs: issued, revoked, and looked up for each signed request."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy
from sqlalchemy import BigInteger, BindParameter, ColumnElement, Connection, Select, bindparam, func, or_

from stratiform.api.errors import LimitExceeded
from stratiform.api.principal import Principal, Role
from stratiform.engine.api import Row
from stratiform.engine.schema import account, account_user, domain
from stratiform.framework.base.errors import NotFound
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.db.prepared import Prepared
from stratiform.framework.secrets import KeyRing
from stratiform.server.credential.table import user_key
from stratiform.server.signature import Caller

LENGTH = 64
"""Bytes of randomness in a key and in a secret, as in CloudStack."""
MOST = 100
"""Key pairs of one user at once."""
AT_ONCE = 500
"""Users whose keys one statement asks for."""
ENABLED = "enabled"

Users: TypeAlias = Select[int]
"""The ids of some users."""

_now: BindParameter[int] = bindparam("now", type_=BigInteger())
_FIND = (
    sqlalchemy.select(
        account_user.c.uuid.label("user"),
        account.c.uuid.label("account"),
        account.c.role,
        domain.c.path,
        user_key.c.uuid.label("key"),
        user_key.c.secret,
    )
    .join_from(user_key, account_user, user_key.c.user_id == account_user.c.id)
    .join(account, account_user.c.account_id == account.c.id)
    .join(domain, account.c.domain_id == domain.c.id)
    .where(
        user_key.c.api_key == bindparam("api_key"),
        or_(user_key.c.starts.is_(None), user_key.c.starts <= _now),
        or_(user_key.c.ends.is_(None), user_key.c.ends > _now),
        account_user.c.state == ENABLED,
        account.c.state == ENABLED,
        *(each.c.removed.is_(None) for each in (user_key, account_user, account, domain)),
    )
)
"""Everything that a signed request needs to know of its caller, in one statement."""

_NAMED = (
    sqlalchemy.select(account_user.c.uuid, user_key.c.api_key)
    .join_from(user_key, account_user)
    .where(user_key.c.removed.is_(None))
    .order_by(user_key.c.id)
)

_LIVE = (user_key.c.removed.is_(None), account_user.c.removed.is_(None))
_OWNER = sqlalchemy.select(account_user.c.uuid).join_from(user_key, account_user).where(*_LIVE)
_LISTED = (
    sqlalchemy.select(
        account_user.c.uuid.label("user"),
        *(user_key.c[name] for name in ("uuid", "name", "description", "api_key", "starts", "ends", "created")),
        sqlalchemy.case((user_key.c.ends <= _now, "EXPIRED"), else_="ENABLED").label("state"),
    )
    .join_from(user_key, account_user)
    .where(*_LIVE)
    .order_by(user_key.c.id)
)


class TooManyKeys(LimitExceeded):
    """A user has at most {limit} key pairs, and this one has them. Delete one with deleteUserKeys first."""

    code = "too_many_keys"


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """A key that names its owner, and the secret that the owner signs with."""

    uuid: str
    api_key: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"KeyPair({self.uuid!r}, {self.api_key!r})"


class Keys:
    """The key pairs of users; secrets lie in the database only as the ring seals them."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._find = Prepared(database, _FIND)

    def find(self, apikey: str) -> Caller | None:
        """The owner of a key that may be used now: it, its user and account are enabled; one statement."""
        row = self._find.first({"api_key": apikey, "now": self._now()})
        if row is None:
            return None
        user, owner, role, path, key, secret = row
        who = Principal(user=user, account=owner, role=Role(role), scope=path)
        return Caller(principal=who, secret=self._open(key, secret))

    def issue(
        self,
        tx: Transaction,
        user: str,
        *,
        name: str = "",
        description: str | None = None,
        starts: int | None = None,
        ends: int | None = None,
    ) -> KeyPair:
        """A new key pair for the user of this UUID, usable from `starts` until `ends`; older ones stay.

        Its randomness is the system's, never a world's: a seed must not lead to it. Raises `NotFound`, and
        `TooManyKeys` for a user who has `MOST` of them.
        """
        user_id = user_id_of(tx.connection, user, hold=True)
        live = (user_key.c.user_id == user_id, user_key.c.removed.is_(None))
        counted = sqlalchemy.select(func.count()).select_from(user_key).where(*live)
        if tx.connection.execute(counted).scalar_one() >= MOST:
            raise TooManyKeys(limit=MOST)
        pair = KeyPair(
            uuid=self._database.world.ids.uuid(),
            api_key=secrets.token_urlsafe(LENGTH),
            secret=secrets.token_urlsafe(LENGTH),
        )
        row = {
            "id": tx.new_id(),
            "uuid": pair.uuid,
            "user_id": user_id,
            "name": name,
            "description": description,
            "api_key": pair.api_key,
            "secret": self._ring.seal(pair.secret, _context(pair.uuid)),
            "starts": starts,
            "ends": ends,
            "created": self._now(),
        }
        tx.execute(sqlalchemy.insert(user_key), row)
        return pair

    def newest(self, connection: Connection, user: str) -> KeyPair | None:
        """The key pair that was issued last for the user of this UUID and not revoked."""
        found = (
            sqlalchemy.select(user_key.c.uuid, user_key.c.api_key, user_key.c.secret)
            .join_from(user_key, account_user, user_key.c.user_id == account_user.c.id)
            .where(account_user.c.uuid == user, user_key.c.removed.is_(None))
            .order_by(user_key.c.id.desc())
            .limit(1)
        )
        row = connection.execute(found).first()
        if row is None:
            return None
        return KeyPair(uuid=row.uuid, api_key=row.api_key, secret=self._open(row.uuid, row.secret))

    def owner(self, apikey: str) -> str | None:
        """The UUID of the live user whose API key it is, whether or not it may be used now."""
        with self._database.reading() as connection:
            return connection.execute(_OWNER.where(user_key.c.api_key == apikey)).scalar()

    def holder(self, key: str) -> str | None:
        """The UUID of the live user who has the key pair of this UUID."""
        with self._database.reading() as connection:
            return holder_of(connection, key)

    def named(self, users: Iterable[str]) -> Mapping[str, str]:
        """The newest API keys of the users of these UUIDs, by UUID; who has none is absent.

        One statement for as many users as a page has, and one more for each as many beyond.
        """
        wanted = list(users)
        found: dict[str, str] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                keys = _NAMED.where(account_user.c.uuid.in_(wanted[start : start + AT_ONCE]))
                found |= {row.uuid: row.api_key for row in connection.execute(keys)}
        return found

    def listed(self, users: Iterable[str]) -> Sequence[Row]:
        """The key pairs of the users of these UUIDs, each with its `user` and `state`, but without its secret.

        One statement for as many users as a page has, and one more for each as many beyond.
        """
        wanted, found = list(users), list[Row]()
        with self._database.reading() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                pairs = _LISTED.where(account_user.c.uuid.in_(wanted[start : start + AT_ONCE]))
                found += connection.execute(pairs, {"now": self._now()})
        return found

    def told(self, user: str) -> KeyPair | None:
        """As `newest`, in a transaction of its own. Raises `NotFound` if there is no such user."""
        with self._database.reading() as connection:
            user_id_of(connection, user)
            return self.newest(connection, user)

    def revoke(self, tx: Transaction, key: str) -> None:
        """Accept nothing signed with the key pair of this UUID from the commit on; twice is as once."""
        self._revoke(tx, user_key.c.uuid == key)

    def revoke_all(self, tx: Transaction, users: Users) -> None:
        """Accept nothing signed with any key of these users from the commit on."""
        self._revoke(tx, user_key.c.user_id.in_(users))

    def _revoke(self, tx: Transaction, which: ColumnElement[bool]) -> None:
        revoked = sqlalchemy.update(user_key).where(which, user_key.c.removed.is_(None))
        tx.execute(revoked.values(removed=self._now()))

    def _open(self, key: str, sealed: str) -> str:
        return self._ring.open_text(sealed, _context(key))

    def _now(self) -> int:
        return self._database.world.clock.now()


def user_id_of(connection: Connection, user: str, *, hold: bool = False) -> int:
    """The id of the user of this UUID; with `hold`, nobody else who holds it goes on before this transaction is over.

    Raises `NotFound`.
    """
    found = sqlalchemy.select(account_user.c.id).where(account_user.c.uuid == user, account_user.c.removed.is_(None))
    number = connection.execute(found.with_for_update(key_share=True) if hold else found).scalar()
    if number is None:
        raise NotFound(kind="user", key="id", value=user)
    return int(number)


def holder_of(connection: Connection, key: str) -> str | None:
    """As `Keys.holder`, inside a transaction."""
    return connection.execute(_OWNER.where(user_key.c.uuid == key)).scalar()


def _context(key: str) -> str:
    return f"user_key/{key}"
