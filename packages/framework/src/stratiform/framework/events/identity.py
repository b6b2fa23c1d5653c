"""The UUID that an event is known by outside: made of its time and its identifier, so it need not be kept."""

import uuid

_VERSION, _VARIANT = 0x8 << 76, 0b10 << 62
_LOW = (1 << 62) - 1


def made(at: int, id: int) -> str:
    """The UUID of the event with this identifier and time (µs UTC): version 8 of RFC 9562, in the order of time.

    52 bits of time last until 2112, 62 of identifier for as many events as there can be.
    """
    return str(uuid.UUID(int=(at >> 4) << 80 | _VERSION | (at & 0xF) << 72 | _VARIANT | id))


def read(text: str) -> tuple[int, int] | None:
    """The time and the identifier that a UUID is made of; None if it is not an event's."""
    try:
        value = uuid.UUID(text).int
    except ValueError:
        return None
    at, id = value >> 80 << 4 | value >> 72 & 0xF, value & _LOW
    return (at, id) if made(at, id) == str(uuid.UUID(int=value)) else None
