"""Everything that proves who a user is, or is told once."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy

from stratiform.engine.schema import account, account_user
from stratiform.framework.db.database import Transaction
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import Keys, Users
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import SealedResults

ENDING = account_user.c.account_id.in_(
    sqlalchemy.select(account.c.id).where(account.c.needs_cleanup, account.c.removed.is_(None))
)
"""Whether a user's account is being ended: the user signs nothing and logs in no more."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The credentials of all users."""

    keys: Keys
    passwords: Passwords
    results: SealedResults
    effort: Effort
    """Where keys are made and passwords hashed."""
    end_sessions: Callable[[Transaction, Users], None]
    """Lets the sessions of these users be over."""

    def change_password(self, tx: Transaction, user: str, prepared: str) -> None:
        """Keep a new password, as `Passwords.keep`; whoever is in by the one before is out from the commit on."""
        self.passwords.keep(tx, user, prepared)
        self.end_sessions(tx, sqlalchemy.select(account_user.c.id).where(account_user.c.uuid == user))

    def forget(self, tx: Transaction, users: sqlalchemy.ColumnElement[bool]) -> None:
        """Let the users of whom this is so prove nothing any more, from the commit on."""
        ids = sqlalchemy.select(account_user.c.id).where(users)
        self.keys.revoke_all(tx, ids)
        self.passwords.forget(tx, ids)
        self.end_sessions(tx, ids)  # after the passwords: a log-in holds its own until its session is there
        self.results.forget(tx, sqlalchemy.select(account_user.c.uuid).where(users))
