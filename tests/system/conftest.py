"""What the tests of whole systems share."""

collect_ignore = ["out_of_tree"]
"""A stranger's own tests: they run where only his plug-in is installed."""
