"""The command log: what a far end remembers of every command, so that none is carried out twice."""

from collections.abc import Sequence
from typing import Protocol

from stratiform.framework.agents.fate import Entry
from stratiform.framework.agents.frame import Fate


class CommandLog(Protocol):
    """Keeps entries by resource and command. Only the far end's clerk calls it, so it needs no lock."""

    def read(self, resource: str, command: str) -> Entry | None:
        """What is known of a command; sees what was written, durable or not."""

    def write(self, entry: Entry) -> None:
        """Remember an entry in place of what was known; durable after the next `sync`."""

    def sync(self) -> None:
        """Return once everything written is durable; an error here ends the far end."""

    def running(self) -> Sequence[Entry]:
        """The commands that are running, or were when an earlier process ended."""

    def prune(self, before: int, keep: int) -> None:
        """Forget what does not run and is older than `before`, or beyond the newest `keep`."""


class MemoryLog:
    """Remembers as long as the process lives: enough where the effects do not outlive it either."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def read(self, resource: str, command: str) -> Entry | None:
        """What is known of a command."""
        return self._entries.get((resource, command))

    def write(self, entry: Entry) -> None:
        """Remember an entry, as the newest."""
        key = (entry.resource, entry.command)
        self._entries.pop(key, None)
        self._entries[key] = entry

    def sync(self) -> None:
        """Nothing to do."""

    def running(self) -> Sequence[Entry]:
        """The commands that are running."""
        return [entry for entry in self._entries.values() if entry.fate is Fate.RUNNING]

    def prune(self, before: int, keep: int) -> None:
        """Forget what is old or too many, the oldest first."""
        settled = [(key, entry) for key, entry in self._entries.items() if entry.fate is not Fate.RUNNING]
        beyond = len(settled) - keep
        for place, (key, entry) in enumerate(settled):
            if place < beyond or entry.at < before:
                del self._entries[key]
