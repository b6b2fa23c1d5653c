"""Ranges of IP addresses, and each address with who uses it."""
