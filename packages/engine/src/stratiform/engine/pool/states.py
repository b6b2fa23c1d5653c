"""The states of primary storage pools."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether volumes may be placed in a pool; spelled as on the wire."""

    INITIAL = "Initial"
    ATTACHING = "Attaching"
    UP = "Up"
    DISABLED = "Disabled"
    PREPARE_FOR_MAINTENANCE = "PrepareForMaintenance"
    MAINTENANCE = "Maintenance"
    ERROR_IN_MAINTENANCE = "ErrorInMaintenance"
    CANCEL_MAINTENANCE = "CancelMaintenance"
    REMOVED = "Removed"


class Event(StrEnum):
    """What happens to a pool."""

    ATTACH = "attach"
    SUCCEED = "succeed"
    FAIL = "fail"
    DISABLE = "disable"
    ENABLE = "enable"
    MAINTAIN = "maintain"
    CANCEL = "cancel"
    REMOVE = "remove"


machine = Machine(
    kind="storage pool",
    initial=State.INITIAL,
    rows=[
        # The first host that reaches it tells its size.
        (State.INITIAL, Event.ATTACH, State.ATTACHING),
        (State.ATTACHING, Event.SUCCEED, State.UP),
        (State.ATTACHING, Event.FAIL, State.INITIAL),
        # It may be closed for new volumes,
        (State.UP, Event.DISABLE, State.DISABLED),
        (State.DISABLED, Event.ENABLE, State.UP),
        # or emptied.
        (State.UP, Event.MAINTAIN, State.PREPARE_FOR_MAINTENANCE),
        (State.DISABLED, Event.MAINTAIN, State.PREPARE_FOR_MAINTENANCE),
        (State.PREPARE_FOR_MAINTENANCE, Event.SUCCEED, State.MAINTENANCE),
        (State.PREPARE_FOR_MAINTENANCE, Event.FAIL, State.ERROR_IN_MAINTENANCE),
        (State.PREPARE_FOR_MAINTENANCE, Event.CANCEL, State.CANCEL_MAINTENANCE),
        (State.ERROR_IN_MAINTENANCE, Event.MAINTAIN, State.PREPARE_FOR_MAINTENANCE),
        (State.ERROR_IN_MAINTENANCE, Event.CANCEL, State.CANCEL_MAINTENANCE),
        (State.MAINTENANCE, Event.CANCEL, State.CANCEL_MAINTENANCE),
        (State.CANCEL_MAINTENANCE, Event.SUCCEED, State.UP),
        (State.CANCEL_MAINTENANCE, Event.FAIL, State.MAINTENANCE),
        # Without volumes it may go.
        (State.INITIAL, Event.REMOVE, State.REMOVED),
        (State.UP, Event.REMOVE, State.REMOVED),
        (State.DISABLED, Event.REMOVE, State.REMOVED),
        (State.MAINTENANCE, Event.REMOVE, State.REMOVED),
    ],
    final=[State.REMOVED],
)
