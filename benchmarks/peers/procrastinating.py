"""procrastinate: coroutine tasks, filed by `batch_defer_async`, worked off by one worker that runs 20 at once.

Its connector is the asynchronous one of psycopg 3 with a pool as wide as the worker's concurrency, as its
documentation has it; nothing is logged, and ended jobs are kept, as by default.
"""

import asyncio
import logging
import time

import procrastinate
import sqlalchemy
from peers import lent

CHUNK = 1000
CONCURRENCY = 20


async def nothing(thing):
    """Nothing."""


def rate(server: str, count: int) -> float:
    """Jobs per second that lie in the queue, from the worker's start until it finds nothing left."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    with lent.database(server) as url:
        return asyncio.run(_rate(url, count))


async def _rate(url, count):
    connector = procrastinate.PsycopgConnector(conninfo=lent.plain(url), min_size=2, max_size=CONCURRENCY + 2)
    app = procrastinate.App(connector=connector)
    task = app.task(queue="bench")(nothing)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for first in range(0, count, CHUNK):
            await task.batch_defer_async(*({"thing": n} for n in range(first, min(first + CHUNK, count))))
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        lent.analyse(engine)
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=CONCURRENCY, install_signal_handlers=False)
        took = time.perf_counter() - began
        lent.until_none(lent.counting(engine, "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'"))
    return count / took
