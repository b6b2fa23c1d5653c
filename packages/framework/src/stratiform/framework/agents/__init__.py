"""Agents: how anything messages a resource that lives elsewhere, and learns what became of it."""
