"""Jobs that empty hosts."""
