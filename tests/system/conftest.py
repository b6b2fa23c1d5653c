"""What the tests of whole systems share."""

from tests.system.running import module_quickstart, quickstart

__all__ = ["module_quickstart", "quickstart"]

collect_ignore = ["out_of_tree"]
"""A stranger's own tests: they run where only his plug-in is installed."""
