"""The command log of every simulated host, in the state file."""

from collections.abc import Sequence

import msgspec

from stratiform.framework.agents.fate import ABANDONED, Entry, ended
from stratiform.framework.agents.frame import Fate
from stratiform.plugins.hypervisor.simulator.state import State

_COLUMNS = "SELECT resource, id, epoch, fate, answer, error, at, aborted FROM command"

_WRITE = (
    "INSERT INTO command (resource, id, epoch, fate, answer, error, at, aborted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET epoch = excluded.epoch, fate = excluded.fate, answer = excluded.answer,"
    " error = excluded.error, at = excluded.at, aborted = excluded.aborted"
)


class Commands:
    """A `CommandLog` whose `sync` makes a command's effect and its outcome durable together.

    So a command that was running when the process ended had no effect, and is remembered as never begun, or as
    aborted.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        for entry in self.running():
            self.write(ended(entry, ABANDONED, entry.at))
        state.sync()

    def read(self, resource: str, command: str) -> Entry | None:
        """What is known of a command."""
        statement = f"{_COLUMNS} WHERE resource = ? AND id = ?"
        return self._state.first(_entry, statement, resource, command)

    def write(self, entry: Entry) -> None:
        """Remember an entry."""
        self._state.change(
            _WRITE,
            entry.resource,
            entry.command,
            entry.epoch,
            entry.fate,
            None if entry.answer is None else msgspec.json.encode(entry.answer),
            None if entry.error is None else msgspec.json.encode(entry.error),
            entry.at,
            entry.aborted,
        )

    def sync(self) -> None:
        """Make everything durable that was written, effects of commands included."""
        self._state.sync()

    def running(self) -> Sequence[Entry]:
        """The commands that are running."""
        return self._state.rows(_entry, f"{_COLUMNS} WHERE fate = ?", Fate.RUNNING)

    def prune(self, before: int, keep: int) -> None:
        """Forget what is old or too many."""
        self._state.change(
            "DELETE FROM command WHERE fate <> ?"
            " AND (at < ? OR rowid <= (SELECT max(rowid) FROM command) - ?)",
            Fate.RUNNING,
            before,
            keep,
        )


def _entry(
    resource: str,
    command: str,
    epoch: int,
    fate: str,
    answer: bytes | None,
    error: bytes | None,
    at: int,
    aborted: int,
) -> Entry:
    return Entry(
        resource=resource,
        command=command,
        epoch=epoch,
        fate=Fate(fate),
        answer=None if answer is None else msgspec.json.decode(answer),
        error=None if error is None else msgspec.json.decode(error, type=dict[str, object]),
        at=at,
        aborted=bool(aborted),
    )
