"""Pages of a long queue as `listJobs` tells an operator of them, against the driver's rows and their count by hand."""

import time

import sqlalchemy
from peers import lent, ours

from stratiform.api.access import Everything
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import schema
from stratiform.engine.api import LISTINGS
from stratiform.framework.jobs.table import job

PAGE = 100
SEED = 1_000
"""Jobs that are filed; the others are copied from them, which takes less long."""
OPERATOR = Principal(user="bench", account="bench", role=Role.ADMIN, scope="")
ASKED = {
    "": {},
    "WHERE state = 'ready'": {"state": "ready"},
    "WHERE stage = 'bench'": {"stage": "bench"},
    "WHERE fair_key = 'bench'": {"accountid": "bench"},
}
"""What is asked, by how it is written by hand."""

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
    """Seconds that 99 of 100 pages take at most, and the same by hand: of that question where these differ most."""
    with ours.engine(server, also=[schema.LAYER]) as (database, kernel):
        ours.file(kernel, ours.FREE, SEED)
        with database.transaction() as tx:
            tx.execute(_COPIES, {"copies": queued // SEED - 1})
        lent.analyse(database.engine)
        return max((_both(database, *each, times) for each in ASKED.items()), key=lambda both: both[0] / both[1])


def _both(database, where, filters, times):
    rows = sqlalchemy.text(f"SELECT job.* FROM job {where} ORDER BY id DESC LIMIT {PAGE}")
    number = sqlalchemy.text(f"SELECT count(*) FROM job {where}")
    query = Query(filters=filters, pagesize=PAGE)

    def by_hand(connection):
        return connection.execute(rows).all(), connection.execute(number).scalar_one()

    def listed(connection):
        page = LISTINGS["job"].page(connection, Everything(), OPERATOR, query)
        return page.rows, page.count

    return _p99(database, listed, times), _p99(database, by_hand, times)


def _p99(database, look, times):
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        with database.reading() as connection:
            found, count = look(connection)
        seconds.append(time.perf_counter() - began)
        assert (len(found), count > PAGE) == (PAGE, True)
    return sorted(seconds)[int(len(seconds) * 0.99)]
