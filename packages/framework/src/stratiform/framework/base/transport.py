"""How frames travel to what runs elsewhere: the one seam between this process and hosts."""

from collections.abc import Callable
from typing import Protocol


class Link(Protocol):
    """An open way to one far end."""

    def send(self, frame: bytes) -> None:
        """Queue a frame; never blocks. A frame given to a link that then closes may be lost."""

    def close(self) -> None:
        """Close; `closed` is not called for it."""


class Transport(Protocol):
    """Opens links; receives on a thread of its own, never on the caller's."""

    def open(self, address: str, received: Callable[[bytes], None], closed: Callable[[str], None]) -> Link:
        """Open a link to `address`; `closed(reason)` tells once that it is gone.

        Raises `Unreachable` if nobody answers there.
        """
