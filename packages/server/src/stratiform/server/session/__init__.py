"""Sessions: what a browser has in place of a key, from a log-in until a log-out or until nobody uses it."""
