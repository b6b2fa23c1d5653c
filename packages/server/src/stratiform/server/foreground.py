"""A server in the foreground of a terminal or a supervisor: it answers until it is asked to end."""

import gc
import os
import select
import signal
import sys
import time
from types import FrameType
from typing import Self

from stratiform.framework.base import errors
from stratiform.framework.base.threads import Handle
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Server, Settings
from stratiform.server.serving import Serving

SWITCH = 0.0003
"""Seconds after which a thread that computes lets in one that the database has answered, and that has but to ask on.

Python's own 5 ms are the time of many such round trips: with it a command waits for the workers at each of its own.
"""

MOMENT = 1.0
"""Seconds in which a second signal is the same wish: a terminal and a supervisor may both send one."""


class Ended(errors.Error):
    """It was asked to end before it was ready. Start it again: it goes on where it was."""

    code = "ended_early"


class CannotListen(errors.Error):
    """Nothing can listen on {host}:{port}: {reason}. Choose another port with --port; 0 takes any that is free."""

    code = "cannot_listen"


class Ending:
    """Ctrl-C and SIGTERM as something to wait for, instead of an exception that may strike anywhere.

    The first one asks; one that comes more than a moment later ends the process at once, as if nobody listened.
    """

    def __init__(self) -> None:
        self._asked: float | None = None

    def __enter__(self) -> Self:
        self._heard, self._tell = os.pipe()
        self._before = {each: signal.signal(each, self._receive) for each in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error: object) -> None:
        self._restore()
        os.close(self._heard)
        os.close(self._tell)

    def ask(self) -> None:
        """Ask for the end, from any thread."""
        os.write(self._tell, b"!")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the end is asked for, at most so long; whether it is."""
        return bool(select.select([self._heard], [], [], seconds)[0])

    def check(self, seconds: float = 0) -> None:
        """Wait so long. Raises `Ended` if the end is asked for."""
        if self.wait(seconds):
            raise Ended

    def _receive(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
            self.ask()
        elif now - self._asked > MOMENT:
            self._restore()
            signal.raise_signal(number)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def composed(settings: Settings) -> Server:
    """A server that is not started yet. Raises `CannotListen`, and what `bootstrap.compose` raises."""
    try:
        return bootstrap.compose(settings)
    except OSError as error:
        if error.filename is not None:
            raise
        raise CannotListen(host=settings.host, port=settings.port, reason=error.strerror) from error


def tune() -> None:
    """Let Python run a process that is all composed, and has many threads, as fast as it can."""
    gc.freeze()  # what a server is made of stays: to look through it again and again takes a quarter of its time
    sys.setswitchinterval(SWITCH)


def serve(server: Server, ending: Ending) -> None:
    """Answer until the end is asked for, then answer what has arrived; `server` is started and stays so."""
    tune()

    def start(name: str, serving: Serving) -> Handle:
        def run() -> None:
            try:
                serving.run()
            finally:
                ending.ask()

        return server.world.threads.start(name, run)

    ports = {"http": server.serving} | ({"integration": server.integration} if server.integration else {})
    threads = [start(name, serving) for name, serving in ports.items()]
    ending.wait()
    for serving in ports.values():
        serving.stop()
    for thread in threads:
        thread.join(10)
