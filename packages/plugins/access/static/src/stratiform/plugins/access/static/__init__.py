"""Access decisions for Stratiform from a fixed table of roles."""
