"""The states of offerings; those of networks are spelled differently on the wire."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether a service or disk offering may be chosen."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class NetworkState(StrEnum):
    """Whether a network offering may be chosen."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class Event(StrEnum):
    """What an operator does to it."""

    ENABLE = "enable"
    DISABLE = "disable"


machine = Machine(
    kind="offering",
    initial=State.ACTIVE,
    rows=[
        (State.ACTIVE, Event.DISABLE, State.INACTIVE),
        (State.INACTIVE, Event.ENABLE, State.ACTIVE),
    ],
)

network_machine = Machine(
    kind="network offering",
    initial=NetworkState.DISABLED,
    rows=[
        (NetworkState.DISABLED, Event.ENABLE, NetworkState.ENABLED),
        (NetworkState.ENABLED, Event.DISABLE, NetworkState.DISABLED),
    ],
)
