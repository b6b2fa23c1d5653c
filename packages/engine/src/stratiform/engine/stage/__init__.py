"""The stages as operators see them: as they are set, what is in them, and how each server works on them."""
