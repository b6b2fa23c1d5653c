"""Capacity: how much of hosts and pools is claimed."""
