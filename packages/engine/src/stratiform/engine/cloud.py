"""The engine as `api.cloud.Cloud`: lists, changes and work, each by a literal table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection

from stratiform.api.access import Access
from stratiform.api.cloud import Page, Query, Submitted
from stratiform.api.principal import Principal
from stratiform.engine import lookup
from stratiform.engine.listing import Listing
from stratiform.engine.registry import Row
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database, Transaction


class UnknownCommand(errors.Internal):
    """The engine knows no command {command}."""

    code = "unknown_command"


class UnknownKind(errors.Internal):
    """The engine has no list of {kind}."""

    code = "unknown_kind"


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


class Change(Protocol):
    """A command that only writes the database."""

    def __call__(self, call: Call) -> Row | None:
        """Do it; the row that was made or changed, None if it is gone."""


class Submit(Protocol):
    """A command that files a job."""

    def __call__(self, call: Call) -> Submitted:
        """Write the entity, its claims and its job."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a command does and the kind of what it answers."""

    kind: str
    run: Change


class Engine:
    """Reads and changes for the server, each in one transaction."""

    def __init__(
        self,
        database: Database,
        gate: Access,
        *,
        listings: Sequence[Listing],
        changes: Mapping[str, Command],
        submits: Mapping[str, Submit] | None = None,
    ) -> None:
        self.database = database
        self.gate = gate
        self.listings = {listing.kind: listing for listing in listings}
        self.changes = changes
        self.submits = submits or {}

    def list(self, kind: str, who: Principal, action: str, query: Query) -> Page:
        """The entities of a kind that the principal may see, narrowed by the query."""
        listing = self._listing(kind)
        visible = self.gate.visible(who, action, kind)
        with self.database.reading() as connection:
            return listing.page(connection, visible, who, query)

    def times(self, kind: str) -> frozenset[str]:
        """The fields of a kind's rows that are microseconds of UTC."""
        return self._listing(kind).times

    def change(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Do a command that only writes the database and answer the entity as a row, empty if it is gone."""
        known = self.changes.get(command)
        if known is None:
            raise UnknownCommand(command=command, reason=command)

        def run(tx: Transaction) -> Mapping[str, object]:
            row = known.run(self._call(tx, command, who, arguments))
            return {} if row is None else self._listing(known.kind).one(tx.connection, row.uuid, who)

        return self.database.run(run)

    def submit(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Submitted:
        """Accept a command's work: its entity, its claims and its job in one transaction."""
        known = self.submits.get(command)
        if known is None:
            raise UnknownCommand(command=command, reason=command)
        return self.database.run(lambda tx: known(self._call(tx, command, who, arguments)))

    def _call(
        self, tx: Transaction, command: str, who: Principal, arguments: Mapping[str, object]
    ) -> Call:
        return Call(
            tx=tx,
            world=self.database.world,
            who=who,
            command=command,
            arguments=arguments,
            gate=self.gate,
            listings=self.listings,
        )

    def _listing(self, kind: str) -> Listing:
        listing = self.listings.get(kind)
        if listing is None:
            raise UnknownKind(kind=kind, reason=kind)
        return listing
