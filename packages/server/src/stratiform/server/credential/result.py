"""The secrets in what jobs came to: sealed, told to who asked for the job, and forgotten after a short while."""

from collections.abc import Mapping

import msgspec
import sqlalchemy
from sqlalchemy import func

from stratiform.framework.base.clock import SECOND
from stratiform.framework.config.option import Option, between
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.secrets import KeyRing
from stratiform.server.credential.table import job_secret

RETENTION = Option(
    "job.secret.retention",
    600,
    "How long queryAsyncJobResult tells the secrets in a job's result, such as a secret key.",
    unit="seconds",
    check=between(1, 86_400),
)

DUE = sqlalchemy.select(func.min(job_secret.c.until))
"""When the first of them is to be forgotten; None if there are none."""


class SealedResults:
    """The secret parts of the results of jobs; in the database they lie only as the ring seals them."""

    def __init__(self, database: Database, ring: KeyRing, config: Config) -> None:
        self._database = database
        self._ring = ring
        self._config = config

    def keep(self, tx: Transaction, job: str, owner: str, values: Mapping[str, object]) -> None:
        """Keep what a job came to, by the names of the wire's fields, for the user of UUID `owner` and nobody else."""
        sealed = self._ring.seal(msgspec.json.encode(values), _context(job))
        until = self._now() + self._config.value(RETENTION) * SECOND
        row = {"job": job, "owner": owner, "sealed": sealed, "until": until}
        tx.execute(sqlalchemy.insert(job_secret), row)

    def open(self, job: str, owner: str) -> Mapping[str, object]:
        """What was kept of a job for this user; nothing once its time is over, nor for anybody else."""
        his = (job_secret.c.job == job, job_secret.c.owner == owner, job_secret.c.until > self._now())
        with self._database.reading() as connection:
            sealed = connection.execute(sqlalchemy.select(job_secret.c.sealed).where(*his)).scalar()
        if sealed is None:
            return {}
        return msgspec.json.decode(self._ring.open(sealed, _context(job)), type=dict[str, object])

    def forget(self, tx: Transaction, owners: sqlalchemy.Select[str]) -> None:
        """Forget everything that was kept for the users of these UUIDs."""
        tx.execute(sqlalchemy.delete(job_secret).where(job_secret.c.owner.in_(owners)))

    def _now(self) -> int:
        return self._database.world.clock.now()


def sweep(tx: Transaction) -> None:
    """Forget what is over."""
    tx.execute(sqlalchemy.delete(job_secret).where(job_secret.c.until <= tx.database.world.clock.now()))


def _context(job: str) -> str:
    return f"job/{job}"
