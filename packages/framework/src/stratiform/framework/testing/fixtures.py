"""Fixtures for pytest: a test's world and database; a conftest imports them or names this as a plug-in."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases
from stratiform.framework.testing.databases import Postgres, Sqlite
from stratiform.framework.testing.world import ManualClock, seeded

DIALECTS = ("sqlite", "postgresql") if os.environ.get(databases.POSTGRES) else ("sqlite",)


@pytest.fixture
def clock() -> ManualClock:
    """The world's clock, to be turned by hand."""
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> World:
    """A world that is the same in every run."""
    return seeded(clock=clock)


@pytest.fixture
def layers() -> Sequence[Layer]:
    """The layers whose tables the database has; override it to have more."""
    return (FRAMEWORK,)


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`: a test that has a database runs once for each."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgres]:
    """The PostgreSQL that tests use."""
    with closing(Postgres(os.environ[databases.POSTGRES])) as server:
        yield server


@cache
def _sqlite() -> Sqlite:
    """One for all the tests of this process."""
    return Sqlite()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; of `database`, for a test that has both."""
    if dialect == "sqlite" and "database" in request.fixturenames:
        lent = _sqlite().filled(request.getfixturevalue("layers"))
    elif dialect == "sqlite":
        lent = databases.sqlite(tmp_path)
    elif "database" in request.fixturenames:
        lent = request.getfixturevalue("postgresql").filled(request.getfixturevalue("layers"))
    else:
        lent = request.getfixturevalue("postgresql").empty()
    with lent as url:
        yield url


@pytest.fixture
def database(database_url: str, world: World) -> Iterator[Database]:
    """A database with every table of `layers`, and no row in them."""
    with databases.opened(database_url, world, []) as database:
        yield database
