"""Passwords: kept as the authenticator hashed them, and checked by it."""

import sqlalchemy

from stratiform.api.adapters.authenticator import Authenticator
from stratiform.engine.schema import account_user
from stratiform.framework.db.database import Database, Transaction
from stratiform.server.credential.key import Users, user_id_of
from stratiform.server.credential.table import user_password

NOBODY = ""
"""What is stored for a user without a password: an authenticator refuses it, after as much work as any."""


class Passwords:
    """The passwords of users. Hashing is slow on purpose, so it happens outside of any transaction."""

    def __init__(self, database: Database, authenticator: Authenticator) -> None:
        self._database = database
        self._authenticator = authenticator

    def prepare(self, password: str) -> str:
        """What `keep` keeps of a password."""
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
        """Whether it is the password of the user of this UUID; takes as long if there is no such user.

        A right one that is stored more weakly than it would be now is stored anew, in its own transaction.
        """
        stored = (
            sqlalchemy.select(user_password.c.hash)
            .join(account_user, account_user.c.id == user_password.c.user_id)
            .where(account_user.c.uuid == user, account_user.c.removed.is_(None))
        )
        with self._database.reading() as connection:
            kept = connection.execute(stored).scalar()
        verdict = self._authenticator.verify(kept or NOBODY, password)
        if verdict.accepted and verdict.rehash:
            prepared = self.prepare(password)
            self._database.run(lambda tx: self.keep(tx, user, prepared))
        return verdict.accepted
