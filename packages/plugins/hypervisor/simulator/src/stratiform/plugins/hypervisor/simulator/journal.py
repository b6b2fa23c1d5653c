"""The journal: what every simulated host was told, and how it ended."""

from collections.abc import Sequence

import msgspec

from stratiform.framework.agents.frame import Request
from stratiform.framework.base.clock import Clock
from stratiform.plugins.hypervisor.simulator.state import State

RUNNING = "running"
KEEP = 100_000
PRUNE_EVERY = 1000


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a host was told."""

    id: int
    """Rises with time."""
    at: int
    """Microseconds of UTC."""
    host: str
    """UUID."""
    act: str
    """`send`, `query` or `abort`; probes are not written down."""
    command: str
    epoch: int
    verb: str
    subject: str
    """UUID of the virtual machine or volume, as far as the host knows it."""
    name: str
    """Name of the virtual machine, or path of the volume."""
    outcome: str
    """`running`, `done`, `failed: …`, `refused: …`, `repeated: …`, `unknown`, `lost`, `held`, `aborted` or
    `abandoned: …`.

    `lost` did not reach it; `held` did while it hung, and is told once more when it is restored. `aborted` did not act
    and never will.
    """
    rule: int | None
    """The rule that happened to it."""


class Journal:
    """Writes down what hosts are told; keeps the newest `keep` entries."""

    def __init__(self, state: State, clock: Clock, keep: int = KEEP) -> None:
        self._state = state
        self._clock = clock
        self._keep = keep
        ended = "abandoned: the simulator ended"
        state.change("UPDATE journal SET outcome = ? WHERE outcome = ?", ended, RUNNING)

    def tell(self, request: Request, subject: tuple[str, str], outcome: str) -> int:
        """Write down a request about a UUID and a name; answers the entry's id."""
        number = self._state.change(
            "INSERT INTO journal (at, host, act, command, epoch, verb, subject, name, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._clock.now(),
            request.resource,
            request.act,
            request.command,
            request.epoch,
            request.message.verb if request.message else "",
            *subject,
            outcome,
        )
        if number % PRUNE_EVERY == 0:
            self._state.change("DELETE FROM journal WHERE id <= ?", number - self._keep)
        return number

    def end(self, number: int, outcome: str, rule: int | None) -> None:
        """Write down how it ended."""
        self._state.change("UPDATE journal SET outcome = ?, rule = ? WHERE id = ?", outcome, rule, number)

    def read(self, host: str, since: int, limit: int) -> Sequence[JournalEntry]:
        """Entries of one host, or of all if it is empty, with an id above `since`, the oldest first."""
        return self._state.rows(
            _entry,
            "SELECT id, at, host, act, command, epoch, verb, subject, name, outcome, rule FROM journal"
            " WHERE id > ? AND (? = '' OR host = ?) ORDER BY id LIMIT ?",
            since,
            host,
            host,
            limit,
        )


def _entry(*columns: object) -> JournalEntry:
    return msgspec.convert(dict(zip(JournalEntry.__struct_fields__, columns, strict=True)), JournalEntry)
