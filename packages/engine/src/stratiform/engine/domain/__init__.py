"""Domains: the tree that accounts belong to."""
