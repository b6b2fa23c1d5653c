"""Everything that proves who a user is, or is told once."""

from dataclasses import dataclass

import sqlalchemy

from stratiform.engine.schema import account_user
from stratiform.framework.db.database import Transaction
from stratiform.server.credential.key import Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import SealedResults


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The credentials of all users."""

    keys: Keys
    passwords: Passwords
    results: SealedResults

    def forget(self, tx: Transaction, users: sqlalchemy.ColumnElement[bool]) -> None:
        """Let the users of whom this is so prove nothing any more, from the commit on."""
        self.keys.revoke_all(tx, sqlalchemy.select(account_user.c.id).where(users))
        self.passwords.forget(tx, sqlalchemy.select(account_user.c.id).where(users))
        self.results.forget(tx, sqlalchemy.select(account_user.c.uuid).where(users))
