"""Clusters: hosts of one hypervisor that share storage."""
