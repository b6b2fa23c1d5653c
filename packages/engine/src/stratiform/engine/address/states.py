"""The states of IP addresses."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether an address may be given out."""

    FREE = "Free"
    ALLOCATED = "Allocated"
    RELEASING = "Releasing"
    RESERVED = "Reserved"


class Event(StrEnum):
    """What happens to an address."""

    CLAIM = "claim"
    DOUBT = "doubt"
    RELEASE = "release"
    RESERVE = "reserve"


machine = Machine(
    kind="IP address",
    initial=State.FREE,
    rows=[
        (State.FREE, Event.CLAIM, State.ALLOCATED),
        (State.ALLOCATED, Event.RELEASE, State.FREE),
        # A machine whose fate is unknown may still use it:
        (State.ALLOCATED, Event.DOUBT, State.RELEASING),
        (State.RELEASING, Event.RELEASE, State.FREE),
        # An operator keeps it for something else.
        (State.FREE, Event.RESERVE, State.RESERVED),
        (State.RESERVED, Event.RELEASE, State.FREE),
    ],
)
