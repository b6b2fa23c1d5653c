"""A command as it reaches the engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.api.access import Access
from stratiform.api.principal import Principal
from stratiform.engine import lookup
from stratiform.engine.listing import Listing
from stratiform.engine.registry import Row
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.work import Work


@dataclass(frozen=True, kw_only=True)
class Call:
    """A command as it reaches the engine: who calls, with what; it finds the entities that are named."""

    tx: Transaction
    world: World
    who: Principal
    command: str
    arguments: Mapping[str, object]
    gate: Access
    listings: Mapping[str, Listing]
    filing: Work | None = None

    @property
    def work(self) -> Work:
        """What jobs are filed with; a command that only changes rows has none."""
        if self.filing is None:
            raise errors.Internal(reason=f"{self.command} files no jobs")
        return self.filing

    def find(self, kind: str, parameter: str) -> Row:
        """The entity that a parameter names. Raises `NotFound`, `Denied`, or `Invalid` if it is not given."""
        row = self.find_if_given(kind, parameter)
        if row is None:
            raise errors.Invalid(reason=f"{parameter} is required")
        return row

    def find_if_given(self, kind: str, parameter: str) -> Row | None:
        """The entity that a parameter names, None if it is not given."""
        value = self.arguments.get(parameter)
        if value is None:
            return None
        return self.lookup(kind, str(value))

    def lookup(self, kind: str, value: str) -> Row:
        """The entity of this UUID or number."""
        return lookup.find(self.tx.connection, self.listings[kind], value, self.who, self.command, self.gate)
