"""What the tests of killed processes share with those of whole systems."""

from tests.system.running import postgresql_url, quickstart

from stratiform.framework.testing.fixtures import database_url

__all__ = ["database_url", "postgresql_url", "quickstart"]
