"""Debts: what stays claimed because a host owes the answer to a command that may still use it."""
