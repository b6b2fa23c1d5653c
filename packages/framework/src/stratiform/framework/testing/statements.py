"""A count of what a database was asked, to hold a promise of a constant number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from stratiform.framework.db.database import Database

_BEGINNINGS = ("BEGIN", "BEGIN IMMEDIATE")


@dataclass
class Count:
    """The statements executed so far, in order, and how many transactions were committed."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def __len__(self) -> int:
        """How many statements: one for many rows at once, none for BEGIN, COMMIT and ROLLBACK."""
        return len(self.statements)

    def __str__(self) -> str:
        """Everything counted, for the message of an assertion."""
        lines = (f"  {number}. {' '.join(text.split())}" for number, text in enumerate(self.statements, 1))
        return "\n".join([f"{len(self)} statements, {self.commits} commits:", *lines])

    def expect(self, *, statements: int | None = None, commits: int | None = None) -> None:
        """Raise AssertionError with the statements' texts unless it is exactly so many."""
        if statements not in (None, len(self)) or commits not in (None, self.commits):
            raise AssertionError(f"expected {statements} statements and {commits} commits, not {self}")


@contextmanager
def count(database: Database) -> Iterator[Count]:
    """Count what the block asks of `database`, in any thread.

    The identifiers that a transaction may need are reserved beforehand, so that the count does not depend on
    what was done before.
    """
    database.identifiers.reserve()
    found = Count()

    def executed(*arguments: object) -> None:
        text = str(arguments[2])
        if text not in _BEGINNINGS:
            found.statements.append(text)

    def committed(connection: object) -> None:
        found.commits += 1

    event.listen(database.engine, "before_cursor_execute", executed)
    event.listen(database.engine, "commit", committed)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", executed)
        event.remove(database.engine, "commit", committed)
