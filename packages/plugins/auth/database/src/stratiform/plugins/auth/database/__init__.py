"""Authentication for Stratiform against passwords kept, hashed with Argon2, in its own database."""
