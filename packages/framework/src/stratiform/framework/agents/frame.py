"""The frames between a server and a far end: JSON objects, each preceded by its length in four bytes."""

import struct
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from stratiform.framework.agents.message import Message

VERSION = 1
LENGTH = struct.Struct(">I")
LARGEST = 16 << 20
"""Bytes of the longest frame; a longer one is a broken or hostile peer."""


class Act(StrEnum):
    """What a request asks of the far end."""

    SEND = "send"
    """Carry out the command, once: the same command id again is answered from the log."""
    QUERY = "query"
    """Say what became of the command, and from now on refuse a SEND of it with a lower epoch."""
    ABORT = "abort"
    """Never begin the command, or end it early if that can be, and say what became of it; refused like a SEND.

    Passes every queue. What cannot be ended runs on, and is told when it ends as it ends.
    """
    PROBE = "probe"
    """Answer at once, past every queue, that the resource lives; runs no command."""


class Fate(StrEnum):
    """What is known of a command."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    UNKNOWN = "unknown"
    """Never begun here, and never will be under an older epoch."""
    INTERRUPTED = "interrupted"
    """Begun, and whoever carried it out is gone: how far it came is not known."""
    REFUSED = "refused"
    """Carried a stale epoch."""


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From a server to a resource."""

    v: int = VERSION
    act: Act
    resource: str
    """The UUID of the resource, for example a host."""
    address: str = ""
    """Where the resource is, in the words of its plug-in; a far end that serves one resource ignores it."""
    command: str = ""
    """Stable id of the command: job UUID, step and attempt, with slashes between. Of a PROBE any text, told back."""
    epoch: int = 0
    message: Message | None = None
    again: bool = False
    """Of a SEND: carry the command out once more if it was interrupted, since it does no harm twice."""
    context: dict[str, str] = {}
    """Principal, request, root, job and trace, for the far end's log lines."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From a resource to a server."""

    v: int = VERSION
    act: Act
    resource: str
    command: str = ""
    epoch: int = 0
    """The epoch of the request that is answered; a SEND's own when the command ends later."""
    fate: Fate = Fate.DONE
    answer: object = None
    """What the verb returned, as plain data; for PROBE, facts of the resource."""
    error: dict[str, object] | None = None
    """`errors.describe` of what went wrong, with FAILED and REFUSED."""


def pack(value: Request | Reply) -> bytes:
    """One frame without its length."""
    return msgspec.json.encode(value)


def framed(frame: bytes) -> bytes:
    """A frame with its length before it, as it goes over a stream."""
    return LENGTH.pack(len(frame)) + frame


class Splitter:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Every frame that is whole now; raises ValueError if one is longer than `LARGEST`."""
        self._buffer += data
        while len(self._buffer) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._buffer)
            if length > LARGEST:
                raise ValueError(f"a frame of {length} bytes; at most {LARGEST} are allowed")
            if len(self._buffer) < LENGTH.size + length:
                return
            frame = bytes(self._buffer[LENGTH.size : LENGTH.size + length])
            del self._buffer[: LENGTH.size + length]
            yield frame
