"""The states of a job, as a machine that is drawn into the docs and never consulted row by row."""

from enum import StrEnum


class State(StrEnum):
    """Where a job is."""

    BLOCKED = "blocked"
    """Wants a slot of its lane."""
    READY = "ready"
    """Holds its slot and waits for a worker."""
    RUNNING = "running"
    """A step with an effect outside the database is under way on the owner."""
    WAITING = "waiting"
    """Waits for children or for a time; holds its slot but neither a thread nor a transaction."""
    HELD = "held"
    """Held by an operator at a step's border; holds its slot."""
    ENDED = "ended"
    """Over, with an outcome."""


class Mode(StrEnum):
    """What a stage does."""

    RUN = "run"
    DRAIN = "drain"
    """It refuses new roots and finishes what it has."""
    PAUSE = "pause"
    """It takes nothing up."""


class Outcome(StrEnum):
    """How a job ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Undone because somebody asked for its end."""


class Direction(StrEnum):
    """Which way a job goes through its steps."""

    FORWARD = "forward"
    UNDO = "undo"
