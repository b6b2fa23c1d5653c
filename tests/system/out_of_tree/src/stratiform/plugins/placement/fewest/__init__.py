"""Placement on the host with the fewest virtual machines."""
