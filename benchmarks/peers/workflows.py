"""DBOS Transact: workflows and steps in its own queue, in one executor that polls each 20 ms and runs 16 at once.

Its default poll of a second would decide alone what it costs. Workflows are in the queue before the executor takes
them up, filed by its client; a child workflow is called, as in its documentation.
"""

import time

import sqlalchemy
from dbos import DBOS, DBOSClient
from peers import lent

AT_ONCE = 16
POLL = 0.02


@DBOS.step()
def nothing(n):
    """Nothing."""
    return n


@DBOS.workflow()
def steps(thing):
    """Five steps."""
    for n in range(5):
        nothing(n)


@DBOS.workflow()
def third(thing):
    """The last of a chain."""
    return thing


@DBOS.workflow()
def second(thing):
    """The middle of a chain."""
    return third(thing)


@DBOS.workflow()
def chain(thing):
    """The first of a chain."""
    return second(thing)


def rate(server: str, name: str, count: int) -> float:
    """Workflows per second that lie in the queue, from when it is registered to the last one's success."""
    with lent.database(server) as url:
        url = lent.plain(url)
        DBOS(config={
            "name": "bench", "system_database_url": url, "application_version": "1", "log_level": "ERROR",
            "sys_db_pool_size": AT_ONCE + 4,
        })  # fmt: skip
        DBOS.launch()
        client = DBOSClient(system_database_url=url)
        try:
            for number in range(count):
                client.enqueue({"queue_name": "bench", "workflow_name": name, "app_version": "1"}, number)
            engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
            lent.analyse(engine)
            began = time.perf_counter()
            DBOS.register_queue("bench", worker_concurrency=AT_ONCE, polling_interval_sec=POLL)
            left = "SELECT count(*) FROM dbos.workflow_status WHERE status <> 'SUCCESS'"
            ended = lent.until_none(lent.counting(engine, left))
            engine.dispose()
        finally:
            client.destroy()
            DBOS.destroy(workflow_completion_timeout_sec=0)
    return count / (ended - began)
