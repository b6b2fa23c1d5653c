"""The states of physical networks."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether networks may be made on it."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class Event(StrEnum):
    """What an operator does to it."""

    ENABLE = "enable"
    DISABLE = "disable"


machine = Machine(
    kind="physical network",
    initial=State.DISABLED,
    rows=[
        (State.DISABLED, Event.ENABLE, State.ENABLED),
        (State.ENABLED, Event.DISABLE, State.DISABLED),
    ],
)
