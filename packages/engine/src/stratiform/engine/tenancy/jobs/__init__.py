"""The jobs that end accounts and domains."""
