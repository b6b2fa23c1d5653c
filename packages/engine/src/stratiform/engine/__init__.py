"""The doing of a cloud: hosts, networks, volumes, virtual machines, as state machines and staged jobs."""
