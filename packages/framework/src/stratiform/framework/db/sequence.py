"""Row identifiers taken in blocks, so that a tree of rows can be written without asking for its keys."""

import threading
from collections.abc import Callable

import sqlalchemy
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text

metadata = MetaData()
"""The tables of the framework's db package."""

sequence = Table(
    "sequence",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
)

BLOCK = 10_000
RESERVE = 5_000

_TAKE = sqlalchemy.text(
    "INSERT INTO sequence (name, next) VALUES ('row', 1 + :block)"
    " ON CONFLICT (name) DO UPDATE SET next = sequence.next + :block RETURNING next"
)


class Exhausted(RuntimeError):
    """One transaction asked for more identifiers than are reserved for it."""


def take_block(connection: Connection) -> range:
    """Take the next block in the caller's transaction."""
    end = int(connection.execute(_TAKE, {"block": BLOCK}).scalar_one())
    return range(end - BLOCK, end)


class Identifiers:
    """Hands out bigints that are never handed out again: each process takes blocks of them from one row.

    A block is taken in a transaction of its own before the caller's begins, so a rolled back transaction cannot
    give an identifier back; a crash wastes at most one block.
    """

    def __init__(self, take_block: Callable[[], range]) -> None:
        self._take_block = take_block
        self._refilling = threading.Lock()
        self._lock = threading.Lock()
        self._blocks: list[range] = []

    def reserve(self) -> None:
        """Make sure that a transaction about to begin finds enough identifiers."""
        if self._left() >= RESERVE:
            return
        with self._refilling:  # not `_lock`: whoever writes now must be able to take
            if self._left() < RESERVE:
                block = self._take_block()
                with self._lock:
                    self._blocks.append(block)

    def _left(self) -> int:
        with self._lock:
            return sum(map(len, self._blocks))

    def take(self) -> int:
        """The next identifier."""
        with self._lock:
            while self._blocks and not self._blocks[0]:
                self._blocks.pop(0)
            if not self._blocks:
                raise Exhausted("more identifiers in one transaction than are reserved; write it in smaller batches")
            block = self._blocks[0]
            self._blocks[0] = block[1:]
            return block[0]
