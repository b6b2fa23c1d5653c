"""The states of the connection to a resource."""

from enum import StrEnum

from stratiform.framework.machine import Machine


class State(StrEnum):
    """Whether a resource answers; spelled as CloudStack's clients know it of hosts."""

    CONNECTING = "Connecting"
    UP = "Up"
    DISCONNECTED = "Disconnected"
    REMOVED = "Removed"


class Event(StrEnum):
    """What is observed of a resource."""

    ANSWERED = "answered"
    SILENT = "silent"
    REMOVE = "remove"


machine = Machine(
    kind="resource",
    initial=State.CONNECTING,
    rows=[
        # It answers,
        (State.CONNECTING, Event.ANSWERED, State.UP),
        # falls silent, which says nothing of what runs there,
        (State.UP, Event.SILENT, State.DISCONNECTED),
        (State.CONNECTING, Event.SILENT, State.DISCONNECTED),
        # answers again,
        (State.DISCONNECTED, Event.ANSWERED, State.UP),
        # or is given up by its operator.
        (State.CONNECTING, Event.REMOVE, State.REMOVED),
        (State.UP, Event.REMOVE, State.REMOVED),
        (State.DISCONNECTED, Event.REMOVE, State.REMOVED),
    ],
    final=[State.REMOVED],
)
