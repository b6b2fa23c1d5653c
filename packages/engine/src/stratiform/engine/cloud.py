"""The engine as `api.cloud.Cloud`: lists, changes and work, each by a literal table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stratiform.api.access import Access, Everything
from stratiform.api.cloud import Page, Query, Submitted
from stratiform.api.principal import Principal
from stratiform.engine.call import Call
from stratiform.engine.listing import Listing
from stratiform.engine.registry import Row
from stratiform.framework.base import errors
from stratiform.framework.db.database import ATTEMPTS, Database, Transaction
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.work import Work


class UnknownCommand(errors.Internal):
    """The engine knows no command {command}."""

    code = "unknown_command"


class UnknownKind(errors.Internal):
    """The engine has no list of {kind}."""

    code = "unknown_kind"


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
        listings: Mapping[str, Listing],
        changes: Mapping[str, Command],
        submits: Mapping[str, Submit] | None = None,
        kernel: Kernel | None = None,
    ) -> None:
        self.database = database
        self.kernel = kernel
        self.gate = gate
        self.listings = listings
        self.changes = changes
        self.submits = submits or {}

    def list(self, kind: str, who: Principal, action: str, query: Query) -> Page:
        """The entities of a kind that the principal may see, narrowed by the query."""
        listing = self._listing(kind)
        visible = self.gate.visible(who, action, kind)
        with self.database.reading() as connection:
            return listing.page(connection, visible, who, query)

    def find(self, kind: str, who: Principal, action: str, uuid: str) -> Mapping[str, object]:
        """One entity, removed or not, as a row of its list. Raises `NotFound` if it may not be seen."""
        listing = self._listing(kind)
        with self.database.reading() as connection:
            row = listing.find(connection, self.gate.visible(who, action, kind), who, uuid)
        if row is None:
            raise errors.NotFound(kind=listing.label, key="id", value=uuid)
        return row

    def times(self, kind: str) -> frozenset[str]:
        """The fields of a kind's rows that are microseconds of UTC."""
        return self._listing(kind).times

    def change(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Do a command that only writes the database and answer the entity as a row, empty if it is gone.

        Where it meets a step of a job that changes the same entity, it is done again on what the step left.
        """
        known = self.changes.get(command)
        if known is None:
            raise UnknownCommand(command=command, reason=command)

        def run(tx: Transaction) -> Mapping[str, object]:
            row = known.run(self._call(tx, command, who, arguments))
            if row is None:
                return {}
            return self._listing(known.kind).find(tx.connection, Everything(), who, row.uuid) or {}

        for _ in range(ATTEMPTS):
            try:
                return self.database.run(run)
            except errors.Again as again:
                met = again
        raise met

    def submit(self, command: str, who: Principal, arguments: Mapping[str, object]) -> Submitted:
        """Accept a command's work: its entity, its claims and its job in one transaction."""
        known = self.submits.get(command)
        if known is None or self.kernel is None:
            raise UnknownCommand(command=command, reason=command)
        return self.kernel.run(lambda work: known(self._call(work.tx, command, who, arguments, work)))

    def _call(
        self,
        tx: Transaction,
        command: str,
        who: Principal,
        arguments: Mapping[str, object],
        work: Work | None = None,
    ) -> Call:
        return Call(
            tx=tx,
            filing=work,
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
