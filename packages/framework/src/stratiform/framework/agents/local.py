"""Local links: a far end in this very process, reached over the same frames as one elsewhere."""

from collections.abc import Callable
from functools import partial

from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.farend import FarEnd
from stratiform.framework.base.clock import Clock
from stratiform.framework.base.threads import Threads
from stratiform.framework.base.transport import Link


class LocalTransport:
    """Links to one far end in this process; frames come back on a thread of the transport, in order."""

    def __init__(self, farend: FarEnd, threads: Threads, clock: Clock) -> None:
        self._farend = farend
        self._clerk = Clerk("local transport", threads, clock)

    def open(self, address: str, received: Callable[[bytes], None], closed: Callable[[str], None]) -> Link:
        """Open a link; every address leads to the same far end, which is always there."""
        return _Link(self._farend, self._clerk, received)

    def close(self) -> None:
        """End the transport's thread; nothing is received any more."""
        self._clerk.close()


class _Link:
    def __init__(self, farend: FarEnd, clerk: Clerk, received: Callable[[bytes], None]) -> None:
        self._farend = farend
        self._clerk = clerk
        self._received = received
        self._open = True

    def send(self, frame: bytes) -> None:
        if self._open:
            self._farend.receive(frame, self._reply)

    def close(self) -> None:
        self._open = False

    def _reply(self, frame: bytes) -> None:
        self._clerk.post(partial(self._deliver, frame))

    def _deliver(self, frame: bytes) -> None:
        if self._open:
            self._received(frame)
