"""Zones: the outermost place that resources are in."""
