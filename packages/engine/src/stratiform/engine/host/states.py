"""The resource states of hosts, which decide what work a host takes."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """What a host is open for; spelled as on the wire, where Inactive is ours."""

    CREATING = "Creating"
    ENABLED = "Enabled"
    DISABLED = "Disabled"
    INACTIVE = "Inactive"
    PREPARE_FOR_MAINTENANCE = "PrepareForMaintenance"
    ERROR_IN_PREPARE = "ErrorInPrepareForMaintenance"
    MAINTENANCE = "Maintenance"
    DEGRADED = "Degraded"
    ERROR = "Error"


class Event(StrEnum):
    """What happens to a host."""

    SUCCEED = "succeed"
    FAIL = "fail"
    ENABLE = "enable"
    DISABLE = "disable"
    DEACTIVATE = "deactivate"
    MAINTAIN = "maintain"
    CANCEL = "cancel"
    DEGRADE = "degrade"


_PREPARE = State.PREPARE_FOR_MAINTENANCE

machine = Machine(
    kind="host",
    initial=State.CREATING,
    rows=[
        # The first answer of a host lets it in.
        (State.CREATING, Event.SUCCEED, State.ENABLED),
        (State.CREATING, Event.FAIL, State.ERROR),
        (State.ERROR, Event.ENABLE, State.CREATING),
        # Disabled takes no placements but an operator's; Inactive takes nothing new while what runs goes on.
        (State.ENABLED, Event.DISABLE, State.DISABLED),
        (State.ENABLED, Event.DEACTIVATE, State.INACTIVE),
        (State.DISABLED, Event.ENABLE, State.ENABLED),
        (State.DISABLED, Event.DEACTIVATE, State.INACTIVE),
        (State.INACTIVE, Event.ENABLE, State.ENABLED),
        (State.INACTIVE, Event.DISABLE, State.DISABLED),
        # It is emptied by a plan,
        (State.ENABLED, Event.MAINTAIN, _PREPARE),
        (State.DISABLED, Event.MAINTAIN, _PREPARE),
        (State.INACTIVE, Event.MAINTAIN, _PREPARE),
        (_PREPARE, Event.SUCCEED, State.MAINTENANCE),
        (_PREPARE, Event.FAIL, State.ERROR_IN_PREPARE),
        (_PREPARE, Event.CANCEL, State.ENABLED),
        (State.ERROR_IN_PREPARE, Event.MAINTAIN, _PREPARE),
        (State.ERROR_IN_PREPARE, Event.CANCEL, State.ENABLED),
        (State.MAINTENANCE, Event.CANCEL, State.ENABLED),
        # or given up by an operator who knows that it is gone.
        (State.ENABLED, Event.DEGRADE, State.DEGRADED),
        (State.DISABLED, Event.DEGRADE, State.DEGRADED),
        (State.DEGRADED, Event.CANCEL, State.ENABLED),
    ],
)
