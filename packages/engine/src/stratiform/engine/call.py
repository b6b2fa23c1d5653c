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
from stratiform.framework.jobs.kind import Registry
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
    kinds: Registry | None = None

    @property
    def work(self) -> Work:
        """What jobs are filed with; a command that only changes rows has none."""
        if self.filing is None:
            raise errors.Internal(reason=f"{self.command} files no jobs")
        return self.filing

    @property
    def registry(self) -> Registry:
        """The kinds of jobs, stages and lanes that there are; a command that steers them needs it."""
        if self.kinds is None:
            raise errors.Internal(reason=f"{self.command} knows no jobs")
        return self.kinds

    def given(self, parameter: str) -> bool:
        """Whether the parameter is given."""
        return self.arguments.get(parameter) is not None

    def text(self, parameter: str) -> str:
        """A text that the command's literal requires."""
        return str(self.arguments[parameter])

    def text_if_given(self, parameter: str) -> str | None:
        """A text, None if it is not given."""
        value = self.arguments.get(parameter)
        return None if value is None else str(value)

    def number_if_given(self, parameter: str) -> int | None:
        """A whole number, None if it is not given."""
        value = self.arguments.get(parameter)
        return value if isinstance(value, int) else None

    def flag(self, parameter: str, default: bool = False) -> bool:
        """A truth."""
        value = self.arguments.get(parameter)
        return default if value is None else value is True

    def texts(self, parameter: str) -> tuple[str, ...]:
        """The texts of a list, none if it is not given."""
        value = self.arguments.get(parameter)
        return tuple(map(str, value)) if isinstance(value, tuple | list) else ()

    def mapping(self, parameter: str) -> Mapping[str, str]:
        """The entries of a map parameter of any style but `FIELDS`, none if it is not given."""
        value = self.arguments.get(parameter)
        return {str(key): str(each) for key, each in value.items()} if isinstance(value, Mapping) else {}

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

    def find_all(self, named: Mapping[str, str]) -> list[Row]:
        """The entities that required parameters name, each given with its kind, in one statement; raises as `find`."""
        listings = [(self.listings[kind], self.text(parameter)) for parameter, kind in named.items()]
        return lookup.find_all(self.tx.connection, listings, self.who, self.command, self.gate)

    def admit(self, kind: str, row: Row) -> Row:
        """An entity whose row was read with what its listing's binding needs; raises as `find`."""
        return lookup.admit(self.tx.connection, self.listings[kind], row, self.who, self.command, self.gate)

    def lookup(self, kind: str, value: str) -> Row:
        """The entity of this UUID."""
        return lookup.find(self.tx.connection, self.listings[kind], value, self.who, self.command, self.gate)
