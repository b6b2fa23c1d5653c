"""The commands of the API: one module for each noun, with its view and the literals of its commands."""
