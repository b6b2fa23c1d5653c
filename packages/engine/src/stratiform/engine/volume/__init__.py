"""Volumes: the disks of virtual machines."""
