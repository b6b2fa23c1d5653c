"""What the system says of itself: structured log lines that carry the context and no secrets."""
