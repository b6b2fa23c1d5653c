"""Spans: what took from when to when, and within what. Nothing is traced unless a program gives a tracer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol


class Role(StrEnum):
    """Whose side a span tells of."""

    SERVER = "server"
    """Answers somebody from outside."""
    INTERNAL = "internal"
    CLIENT = "client"
    """Asks somebody outside."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Something that ended; identifiers are as in W3C's trace context."""

    trace: str
    """32 hexadecimal digits."""
    id: str
    """16 hexadecimal digits."""
    parent: str | None = None
    name: str
    role: Role = Role.INTERNAL
    began: int
    """In microseconds of UTC, like `ended`."""
    ended: int
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    error: str | None = None
    """Why it failed, if it did."""


class Tracer(Protocol):
    """Takes spans. Both may be called from any thread."""

    def emit(self, span: Span) -> None:
        """Take a span and return at once; one that cannot be kept is dropped. Raises nothing."""

    def close(self) -> None:
        """Hand on what is kept, and take no more."""


def identifier(*names: str) -> str:
    """The id of the span of whatever these names are the identity of: so nobody need remember it."""
    return blake2b("\0".join(names).encode(), digest_size=8).hexdigest()


def of_request(request: str) -> str:
    """The id of a request's span."""
    return identifier("request", request)
