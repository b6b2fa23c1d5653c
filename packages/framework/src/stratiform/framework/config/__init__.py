"""Options declared beside their readers, and values for them by scope, read without SQL."""
