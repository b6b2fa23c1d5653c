"""Guest operating systems, by category."""
