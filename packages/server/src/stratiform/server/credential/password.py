"""Passwords: kept as the authenticator hashed them, and checked by it."""

import sqlalchemy

from stratiform.api.adapters.authenticator import Authenticator
from stratiform.engine.schema import account_user
from stratiform.framework.db.database import Database, Transaction
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import Users, user_id_of
from stratiform.server.credential.table import user_password

NOBODY = ""
"""What is stored for a user without a password: an authenticator refuses it, after as much work as any."""


class Passwords:
    """The passwords of users. Hashing is slow on purpose: outside of any transaction, and in few threads at a time."""

    def __init__(self, database: Database, authenticator: Authenticator, effort: Effort) -> None:
        self._database = database
        self._authenticator = authenticator
        self._effort = effort

    def prepare(self, password: str) -> str:
        """What `keep` keeps of a password. Raises `Busy`."""
        with self._effort.place():
            return self._authenticator.hash(password)

    def keep(self, tx: Transaction, user: str, prepared: str) -> None:
        """Make it the password of the user of this UUID; the one before is forgotten. Raises `NotFound`."""
        user_id = user_id_of(tx.connection, user)
        tx.execute(sqlalchemy.delete(user_password).where(user_password.c.user_id == user_id))
        row = {"user_id": user_id, "hash": prepared, "changed": self._database.world.clock.now()}
        tx.execute(sqlalchemy.insert(user_password), row)

    def forget(self, tx: Transaction, users: Users) -> None:
        """Let these users have no password."""
        tx.execute(sqlalchemy.delete(user_password).where(user_password.c.user_id.in_(users)))

    def holds(self, user: str, password: str) -> bool:
        """Whether it is the password of the user of this UUID; as `proof` otherwise."""
        return self.proof(user, password) is not None

    def proof(self, user: str, password: str) -> str | None:
        """What is kept of this password if it is that of the user of this UUID; takes as long if there is no such user.

        A right one that is stored more weakly than it would be now is stored anew, in its own transaction, unless it
        was changed meanwhile. Raises `Busy`.
        """
        stored = (
            sqlalchemy.select(user_password.c.user_id, user_password.c.hash)
            .join(account_user, account_user.c.id == user_password.c.user_id)
            .where(account_user.c.uuid == user, account_user.c.removed.is_(None))
        )
        with self._database.reading() as connection:
            user_id, kept = connection.execute(stored).one_or_none() or (None, NOBODY)
        with self._effort.place():
            verdict = self._authenticator.verify(kept, password)
            better = self._authenticator.hash(password) if verdict.accepted and verdict.rehash else kept
        if not verdict.accepted or user_id is None:
            return None
        return kept if better == kept else self._improved(user_id, kept, better)

    def stands(self, tx: Transaction, user: str, proof: str) -> bool:
        """Whether the proof is one still; nobody changes the password before this transaction is over."""
        its = sqlalchemy.select(account_user.c.id).where(account_user.c.uuid == user).scalar_subquery()
        same = (user_password.c.user_id == its, user_password.c.hash == proof)
        found = sqlalchemy.select(user_password.c.user_id).where(*same).with_for_update(read=True)
        return tx.execute(found).first() is not None

    def _improved(self, user_id: int, kept: str, better: str) -> str:
        """What is the proof after the better hash took the place of the one that was kept, if it is there still."""
        same = (user_password.c.user_id == user_id, user_password.c.hash == kept)
        improve = sqlalchemy.update(user_password).where(*same).values(hash=better)
        improved = self._database.run(lambda tx: tx.execute(improve).rowcount > 0)
        return better if improved else kept
