"""The states of accounts and users."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether an account or a user may act; spelled as on the wire."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    LOCKED = "locked"


class Event(StrEnum):
    """What an administrator does to it."""

    DISABLE = "disable"
    LOCK = "lock"
    ENABLE = "enable"


machine = Machine(
    kind="account",
    initial=State.ENABLED,
    rows=[
        (State.ENABLED, Event.DISABLE, State.DISABLED),
        (State.ENABLED, Event.LOCK, State.LOCKED),
        (State.LOCKED, Event.DISABLE, State.DISABLED),
        (State.LOCKED, Event.ENABLE, State.ENABLED),
        (State.DISABLED, Event.ENABLE, State.ENABLED),
    ],
)
