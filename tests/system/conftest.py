"""What the tests of whole systems share."""

from tests.system.running import module_quickstart, postgresql_url, quickstart

from stratiform.framework.testing.fixtures import database_url

__all__ = ["database_url", "module_quickstart", "postgresql_url", "quickstart"]

collect_ignore = ["out_of_tree"]
"""A stranger's own tests: they run where only his plug-in is installed."""
