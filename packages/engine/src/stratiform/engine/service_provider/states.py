"""The states of network service providers."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether networks may be made that it serves."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"
    SHUTDOWN = "Shutdown"


class Event(StrEnum):
    """What an operator does to it."""

    ENABLE = "enable"
    DISABLE = "disable"
    SHUT_DOWN = "shut down"


machine = Machine(
    kind="service provider",
    initial=State.DISABLED,
    rows=[
        (State.DISABLED, Event.ENABLE, State.ENABLED),
        (State.ENABLED, Event.DISABLE, State.DISABLED),
        (State.DISABLED, Event.SHUT_DOWN, State.SHUTDOWN),
        (State.ENABLED, Event.SHUT_DOWN, State.SHUTDOWN),
        (State.SHUTDOWN, Event.DISABLE, State.DISABLED),
        (State.SHUTDOWN, Event.ENABLE, State.ENABLED),
    ],
)
