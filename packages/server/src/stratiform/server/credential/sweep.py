"""What was issued for a user at the very moment when it was removed: forgotten a little later."""

import sqlalchemy

from stratiform.engine.schema import account_user
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Database
from stratiform.server.credential.credentials import ENDING, Credentials
from stratiform.server.credential.table import user_key, user_password

EVERY = 60 * SECOND
"""Between two looks."""

GONE = sqlalchemy.or_(account_user.c.removed.is_not(None), ENDING)
"""Whether a user is removed, or will be with its account."""

_LEFT = sqlalchemy.select(
    sqlalchemy.exists().where(account_user.c.id == user_key.c.user_id, user_key.c.removed.is_(None), GONE)
    | sqlalchemy.exists().where(account_user.c.id == user_password.c.user_id, GONE)
)


class Sweep:
    """One of the duties of the kernel's loop; one statement a minute when there is nothing to do."""

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials
        self._next = self._now() + EVERY

    def look(self) -> None:
        """Once a minute, forget the credentials of users that are gone."""
        now = self._now()
        if now < self._next:
            return
        self._next = now + EVERY
        with self._database.reading() as connection:
            left = connection.execute(_LEFT).scalar()
        if left:
            self._database.run(lambda tx: self._credentials.forget(tx, GONE))

    def _now(self) -> int:
        return self._database.world.clock.now()
