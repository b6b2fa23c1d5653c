"""The Stratiform server: HTTP API, command handlers, command line and the one composition root."""
