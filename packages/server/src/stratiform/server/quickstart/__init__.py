"""A whole cloud on one machine: a directory of its own, a zone of simulated hosts, and a way in."""
