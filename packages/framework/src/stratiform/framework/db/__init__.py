"""The data access layer: SQLAlchemy Core over SQLite (WAL) or PostgreSQL, the same code on both."""
