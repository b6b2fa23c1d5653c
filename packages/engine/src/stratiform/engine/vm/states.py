"""The states of virtual machines."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Where a virtual machine is in its life; spelled as on the wire."""

    STOPPED = "Stopped"
    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"
    MIGRATING = "Migrating"
    UNKNOWN = "Unknown"
    DESTROYED = "Destroyed"
    EXPUNGING = "Expunging"
    ERROR = "Error"


class Event(StrEnum):
    """What happens to a virtual machine."""

    START = "start"
    STOP = "stop"
    MIGRATE = "migrate"
    DESTROY = "destroy"
    RECOVER = "recover"
    EXPUNGE = "expunge"
    SUCCEED = "succeed"
    FAIL = "fail"
    BREAK = "break"
    RETRY = "retry"
    DOUBT = "doubt"
    SEEN_RUNNING = "seen running"
    SEEN_STOPPED = "seen stopped"


class Power(StrEnum):
    """What the host last said of a virtual machine."""

    ON = "PowerOn"
    OFF = "PowerOff"
    UNKNOWN = "PowerUnknown"


machine = Machine(
    kind="virtual machine",
    initial=State.STOPPED,
    rows=[
        # Somebody starts it,
        (State.STOPPED, Event.START, State.STARTING),
        (State.STARTING, Event.SUCCEED, State.RUNNING),
        (State.STARTING, Event.FAIL, State.STOPPED),
        # stops it,
        (State.RUNNING, Event.STOP, State.STOPPING),
        (State.STOPPING, Event.SUCCEED, State.STOPPED),
        (State.STOPPING, Event.FAIL, State.RUNNING),
        # or moves it.
        (State.RUNNING, Event.MIGRATE, State.MIGRATING),
        (State.MIGRATING, Event.SUCCEED, State.RUNNING),
        (State.MIGRATING, Event.FAIL, State.RUNNING),
        (State.MIGRATING, Event.SEEN_STOPPED, State.STOPPED),
        # Its host tells that it acted by itself.
        (State.RUNNING, Event.SEEN_STOPPED, State.STOPPED),
        (State.STOPPED, Event.SEEN_RUNNING, State.RUNNING),
        # What became of it is not known until it is seen; nothing that it may use is released meanwhile.
        (State.STARTING, Event.DOUBT, State.UNKNOWN),
        (State.RUNNING, Event.DOUBT, State.UNKNOWN),
        (State.STOPPING, Event.DOUBT, State.UNKNOWN),
        (State.MIGRATING, Event.DOUBT, State.UNKNOWN),
        (State.UNKNOWN, Event.SEEN_RUNNING, State.RUNNING),
        (State.UNKNOWN, Event.SEEN_STOPPED, State.STOPPED),
        (State.UNKNOWN, Event.STOP, State.STOPPING),
        # It never came to be,
        (State.STOPPED, Event.BREAK, State.ERROR),
        (State.STARTING, Event.BREAK, State.ERROR),
        # and an operator lets its deployment begin anew,
        (State.ERROR, Event.RETRY, State.STOPPED),
        # or its owner throws it away, and may want it back for a while.
        (State.STOPPED, Event.DESTROY, State.DESTROYED),
        (State.ERROR, Event.DESTROY, State.DESTROYED),
        (State.DESTROYED, Event.RECOVER, State.STOPPED),
        (State.STOPPED, Event.EXPUNGE, State.EXPUNGING),
        (State.ERROR, Event.EXPUNGE, State.EXPUNGING),
        (State.DESTROYED, Event.EXPUNGE, State.EXPUNGING),
    ],
    final=[State.EXPUNGING],
)
