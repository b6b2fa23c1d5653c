"""A page of a long queue as an operator sees it, against the same page by hand: its rows as the driver has them."""

import time

import sqlalchemy
from peers import lent, ours

from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.table import job

PAGE = 100
SEED = 1_000
"""Jobs that are filed; the others are copied from them, which takes less long."""
JOB = "SELECT job.* FROM job ORDER BY id DESC LIMIT :limit"

_NAMES = [column.name for column in job.columns]
_OWN = {
    "id": "job.id + CAST(n AS bigint) * 1000000000",
    "uuid": "job.uuid || n",
    "root": "job.root || n",
    "ticket": "job.ticket + n",
}
_COPIES = sqlalchemy.text(
    "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < :copies)"
    f" INSERT INTO job ({', '.join(_NAMES)})"
    f" SELECT {', '.join(_OWN.get(name, f'job.{name}') for name in _NAMES)} FROM job, copy"
)


def page(server: str, queued: int, times: int) -> tuple[float, float]:
    """Seconds that 99 of 100 pages take at most, and the same by hand, each beside the other."""
    told, bare = [], []
    with ours.engine(server) as (database, kernel):
        ours.file(kernel, ours.FREE, SEED)
        with database.transaction() as tx:
            tx.execute(_COPIES, {"copies": queued // SEED - 1})
        lent.analyse(database.engine)
        by_hand = sqlalchemy.text(JOB)
        for _ in range(times):
            for seconds, look in (
                (told, lambda connection: inspect.listing(connection, limit=PAGE)),
                (bare, lambda connection: connection.execute(by_hand, {"limit": PAGE}).all()),
            ):
                began = time.perf_counter()
                with database.reading() as connection:
                    assert len(look(connection)) == PAGE
                seconds.append(time.perf_counter() - began)
    return _p99(told), _p99(bare)


def _p99(seconds):
    return sorted(seconds)[int(len(seconds) * 0.99)]
