"""The states of volumes."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Where a volume is in its life; spelled as on the wire."""

    ALLOCATED = "Allocated"
    CREATING = "Creating"
    READY = "Ready"
    DESTROY = "Destroy"
    EXPUNGING = "Expunging"
    EXPUNGED = "Expunged"


class Event(StrEnum):
    """What happens to a volume."""

    CREATE = "create"
    DESTROY = "destroy"
    RECOVER = "recover"
    EXPUNGE = "expunge"
    SUCCEED = "succeed"
    FAIL = "fail"


machine = Machine(
    kind="volume",
    initial=State.ALLOCATED,
    rows=[
        # A volume is a plan until its machine first starts.
        (State.ALLOCATED, Event.CREATE, State.CREATING),
        (State.CREATING, Event.SUCCEED, State.READY),
        (State.CREATING, Event.FAIL, State.ALLOCATED),
        # A tenant throws it away, and may want it back.
        (State.ALLOCATED, Event.DESTROY, State.DESTROY),
        (State.READY, Event.DESTROY, State.DESTROY),
        (State.DESTROY, Event.RECOVER, State.READY),
        # Its bytes are deleted.
        (State.ALLOCATED, Event.EXPUNGE, State.EXPUNGING),
        (State.READY, Event.EXPUNGE, State.EXPUNGING),
        (State.DESTROY, Event.EXPUNGE, State.EXPUNGING),
        (State.EXPUNGING, Event.SUCCEED, State.EXPUNGED),
        (State.EXPUNGING, Event.FAIL, State.DESTROY),
    ],
    final=[State.EXPUNGED],
)
