"""Offerings: what tenants may choose from, for machines, disks and networks."""
