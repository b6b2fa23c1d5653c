"""What every measurement shares: a database of its own on the run's PostgreSQL or in a file, and a wait for its end."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy
from sqlalchemy import Engine

BATCH = 250
"""Jobs that ours and the bare loop take up at once."""
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "shared_buffers": "256MB"}
"""How a PostgreSQL is set whose commits are to survive a loss of power."""
PAUSE = 0.01
PATIENCE = 300


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of an empty database: in the PostgreSQL at `server`, or in a file if that is `sqlite`."""
    if server == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    name = f"bench_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def plain(url: str) -> str:
    """A URL of PostgreSQL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def analyse(engine: Engine) -> None:
    """Tell the planner how long the queue is: each begins with statistics that are right."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def until_none(count: Callable[[], int]) -> float:
    """The time at which `count` answers none any more."""
    deadline = time.perf_counter() + PATIENCE
    while count():
        if time.perf_counter() > deadline:
            raise TimeoutError
        time.sleep(PAUSE)
    return time.perf_counter()


def counting(engine: Engine, left: str) -> Callable[[], int]:
    """Asks PostgreSQL for a count, outside of any transaction."""
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    return lambda: connection.exec_driver_sql(left).scalar_one()
