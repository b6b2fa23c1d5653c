"""Catches what a pure function must not do: touch a file, a socket, a process, or what it was given."""

import copy
import functools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import SupportsIndex

OUTSIDE = (
    *("open", "os.", "shutil.", "tempfile.", "socket.", "sqlite3."),
    *("subprocess.", "_thread.start"),
)
"""How the names of the audit events begin that tell of the world outside (Python's audit event table)."""
IMPORTING = ("os.listdir", "os.scandir")
SOURCES = (".py", ".pyc", ".so")


class Impure(AssertionError):
    """A function that should only look at its arguments did something else."""


class Watch:
    """Refuses and remembers the audit events of the threads that are being watched."""

    def __init__(self) -> None:
        self.found: dict[int, list[str]] = {}
        self.sleeping = time.sleep

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook."""
        thread = threading.get_ident()
        if thread not in self.found or not event.startswith(OUTSIDE) or event in IMPORTING:
            return
        if event == "open" and str(arguments[0]).endswith(SOURCES):
            return
        self.found[thread].append(f"{event}{arguments!r}")
        raise Impure(self.found[thread][-1])

    def sleep(self, seconds: float | SupportsIndex, /) -> None:
        """`time.sleep`, which tells no audit hook of itself in older Pythons."""
        if threading.get_ident() in self.found:
            self.found[threading.get_ident()].append(f"time.sleep({seconds})")
        else:
            self.sleeping(seconds)


@functools.cache
def watch() -> Watch:
    """The watch of this process: an audit hook can be added, and never taken away."""
    watching = Watch()
    sys.addaudithook(watching)
    return watching


@contextmanager
def pure(*given: object) -> Iterator[None]:
    """Fail if the block changes one of these values or reaches for anything outside the process.

    Sees files, sockets, processes, threads and sleeping, of Python code and of most C code; importing is let
    through. Does not see a look at the clock or at a source of randomness: ask twice and compare.
    """
    before = copy.deepcopy(given)
    thread = threading.get_ident()
    found = watch().found[thread] = []
    time.sleep = watch().sleep
    try:
        yield
    finally:
        time.sleep = watch().sleeping
        del watch().found[thread]
    if found:
        raise Impure("; ".join(found))
    if given != before:
        raise Impure(f"changed what it was given: {before!r} became {given!r}")
