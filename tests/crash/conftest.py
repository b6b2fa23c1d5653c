"""What the tests of killed processes share with those of whole systems and of the engine's jobs."""

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
