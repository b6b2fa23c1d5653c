"""The allocation state of zones, and of the pods and clusters in them."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class Allocation(StrEnum):
    """Whether tenants' machines may be placed here."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


class Event(StrEnum):
    """What an operator does to it."""

    ENABLE = "enable"
    DISABLE = "disable"


machine = Machine(
    kind="zone",
    initial=Allocation.DISABLED,
    rows=[
        (Allocation.DISABLED, Event.ENABLE, Allocation.ENABLED),
        (Allocation.ENABLED, Event.DISABLE, Allocation.DISABLED),
    ],
)
