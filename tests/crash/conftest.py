"""What the tests of killed processes share with those of whole systems and of the engine's jobs, and their report."""

import os
import time

import pytest
from tests.crash.coverage import Coverage
from tests.engine.conftest import gate, layers, site, somebody
from tests.engine.jobs.conftest import cloud, farm, logs, way, world
from tests.system.running import postgresql_url, quickstart

from stratiform.framework.testing.fixtures import clock, database, database_url

__all__ = [
    "clock",
    "cloud",
    "database",
    "database_url",
    "farm",
    "gate",
    "layers",
    "logs",
    "postgresql_url",
    "quickstart",
    "site",
    "somebody",
    "way",
    "world",
]

COVERAGE = pytest.StashKey[Coverage]()
SEED = "STRATIFORM_SEED"
"""The environment variable with the seed of a run that is to be repeated."""


def seed_of_this_run():
    return int(os.environ.get(SEED, 0)) or int(time.time())


@pytest.fixture(scope="session")
def coverage(request, sample):
    """What was tried; it is told when the run is over, and kept in the page if everything was."""
    found = request.config.stash.setdefault(COVERAGE, Coverage(seed_of_this_run()))
    found.whole = sample is None
    return found


@pytest.fixture
def seed(coverage):
    """Of what is drawn by chance: another in each run, and told at its end."""
    return coverage.seed


def pytest_terminal_summary(terminalreporter, config):
    """The table of what was covered, and the seed with which that is drawn again."""
    found = config.stash.get(COVERAGE, None)
    if found is not None and (found.points or found.killed):
        terminalreporter.section("crash points")
        terminalreporter.write_line(f"{SEED}={found.seed} draws the same again")
        terminalreporter.write_line("")
        terminalreporter.write_line(found.table())
        if found.keep():
            terminalreporter.write_line("docs/framework/crashes.md has this table now")
