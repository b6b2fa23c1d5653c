"""The doing of a cloud: zones, hosts, networks, volumes and virtual machines, as state machines and staged jobs."""
