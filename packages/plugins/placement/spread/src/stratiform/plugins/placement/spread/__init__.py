"""Placement for Stratiform that spreads virtual machines over the emptiest hosts."""
