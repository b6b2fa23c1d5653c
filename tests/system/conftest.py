"""What the tests of whole systems share."""

import pytest
from tests.system.running import Beside, Running, module_quickstart, postgresql_url, quickstart
from tests.system.truth import Truth

from stratiform.framework.testing.fixtures import database_url

__all__ = ["database_url", "module_quickstart", "postgresql_url", "quickstart"]

collect_ignore = ["out_of_tree"]
"""A stranger's own tests: they run where only his plug-in is installed."""


@pytest.fixture
def servers(postgresql, tmp_path):
    """Two servers of one cloud."""
    with postgresql.empty() as url:
        first = Running(tmp_path / "data", database=url)
        try:
            first.restart()
            second = Beside(first)
            try:
                yield first, second.restart()
            finally:
                second.kill9()
        finally:
            first.close()


@pytest.fixture
def truth(servers):
    """What the database and the simulator of the two servers say."""
    truth = Truth(servers[0].data, servers[0].database)
    yield truth
    truth.close()
