"""The states of networks."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """How far a network is built; a shared one is Setup from the start, for others provide it."""

    ALLOCATED = "Allocated"
    SETUP = "Setup"
    IMPLEMENTING = "Implementing"
    IMPLEMENTED = "Implemented"
    SHUTDOWN = "Shutdown"
    DESTROY = "Destroy"


class Event(StrEnum):
    """What happens to a network."""

    SET_UP = "set up"
    IMPLEMENT = "implement"
    SHUT_DOWN = "shut down"
    DESTROY = "destroy"
    SUCCEED = "succeed"
    FAIL = "fail"


machine = Machine(
    kind="network",
    initial=State.ALLOCATED,
    rows=[
        # Somebody else's network, which only has to be known,
        (State.ALLOCATED, Event.SET_UP, State.SETUP),
        (State.SETUP, Event.DESTROY, State.DESTROY),
        # or one that is built when its first machine starts
        (State.ALLOCATED, Event.IMPLEMENT, State.IMPLEMENTING),
        (State.IMPLEMENTING, Event.SUCCEED, State.IMPLEMENTED),
        (State.IMPLEMENTING, Event.FAIL, State.SHUTDOWN),
        # and taken down when its last one is gone.
        (State.IMPLEMENTED, Event.SHUT_DOWN, State.SHUTDOWN),
        (State.SHUTDOWN, Event.SUCCEED, State.ALLOCATED),
        (State.SHUTDOWN, Event.FAIL, State.IMPLEMENTED),
        (State.ALLOCATED, Event.DESTROY, State.DESTROY),
    ],
    final=[State.DESTROY],
)
