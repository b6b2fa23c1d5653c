"""Fixtures for pytest: a test's world and database; a conftest imports them or names this as a plug-in."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases
from stratiform.framework.testing.world import ManualClock, seeded

DIALECTS = ("sqlite", "postgresql") if os.environ.get(databases.POSTGRES_URL) else ("sqlite",)


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
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, on each database that there is."""
    server = os.environ.get(databases.POSTGRES_URL, "")
    with databases.postgresql(server) if request.param == "postgresql" else databases.sqlite(tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str, world: World, layers: Sequence[Layer]) -> Iterator[Database]:
    """A database with every table of `layers`."""
    with databases.opened(database_url, world, layers) as database:
        yield database
