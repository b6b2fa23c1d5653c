"""The answers of far ends, which come on threads of theirs, taken in the order in which they were asked for."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

PATIENCE = 2.0
"""Seconds of real time that far ends, which have threads of their own, are given to answer."""


@dataclass
class Mail:
    """What far ends were asked and have answered."""

    _asked: list[str] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)
    _arrived: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def ask(self, command: str) -> None:
        """A far end is asked to carry out a command, or what became of it."""
        with self._news:
            self._open.add(command)
            if command not in self._asked:
                self._asked.append(command)

    def arrive(self, command: str, settled: bool, take: Callable[[], None]) -> None:
        """An answer came, on whatever thread."""
        with self._news:
            self._arrived.append((self._asked.index(command) if command in self._asked else -1, take))
            if settled:
                self._open.discard(command)
            self._news.notify()

    def deliver(self) -> bool:
        """Take the answer to what was asked for first, once every one is there or late; false if there is none."""
        with self._news:
            self._news.wait_for(lambda: not self._open, PATIENCE)
            if not self._arrived:
                return False
            first = min(self._arrived, key=lambda each: each[0])
            self._arrived.remove(first)
        first[1]()
        return True
