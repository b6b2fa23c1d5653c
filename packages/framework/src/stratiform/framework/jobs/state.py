"""The states of a job, as a machine that is drawn into the docs and never consulted row by row."""

from enum import StrEnum

from stratiform.framework.machine import Machine


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


class Event(StrEnum):
    """What may happen to a job."""

    QUEUE = "queue"
    """Its lane is full, or somebody waits for it already."""
    GRANT = "grant"
    """It is given a slot of its lane."""
    ACT = "act"
    """A step with an effect outside the database begins."""
    ANSWER = "answer"
    """How that ended is known."""
    WAIT = "wait"
    """Its step has children, sleeps, or is to be tried again."""
    WAKE = "wake"
    """Its last child has ended, or the time has come."""
    HOLD = "hold"
    """An operator holds it, or held it before it could go on."""
    RELEASE = "release"
    CANCEL = "cancel"
    """Somebody asks for its end: it is undone, and waits for nothing before that."""
    END = "end"
    """No step is left to do, or to undo."""


MACHINE = Machine(
    kind="job",
    initial=State.READY,
    final=[State.ENDED],
    rows=[
        # It may have to wait for its lane,
        (State.READY, Event.QUEUE, State.BLOCKED),
        (State.BLOCKED, Event.GRANT, State.READY),
        (State.BLOCKED, Event.HOLD, State.HELD),
        (State.BLOCKED, Event.CANCEL, State.READY),
        # goes through its steps, back and forth,
        (State.READY, Event.ACT, State.RUNNING),
        (State.RUNNING, Event.ANSWER, State.READY),
        (State.READY, Event.WAIT, State.WAITING),
        (State.WAITING, Event.WAKE, State.READY),
        (State.WAITING, Event.HOLD, State.HELD),
        (State.WAITING, Event.CANCEL, State.READY),
        # is held at a border between two,
        (State.READY, Event.HOLD, State.HELD),
        (State.HELD, Event.RELEASE, State.READY),
        (State.HELD, Event.CANCEL, State.READY),
        # and ends.
        (State.READY, Event.END, State.ENDED),
    ],
)
"""How a job goes on. Several of these may be one transaction: what only passes through a state has no row in it."""


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
