"""The kinds of traffic."""

from enum import StrEnum


class Traffic(StrEnum):
    """What goes over a physical network, as the wire spells it."""

    GUEST = "Guest"
    MANAGEMENT = "Management"
    PUBLIC = "Public"
    STORAGE = "Storage"
