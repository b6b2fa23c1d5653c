"""Accounts, which own things, and their users."""
