"""The engine as `api.cloud.Cloud`: lists, changes and work, each by a literal table."""

from collections.abc import Mapping

from stratiform.api.access import Access, Everything
from stratiform.api.cloud import Page, Query, Submitted
from stratiform.api.principal import Principal
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands, Record, Submit, recorded
from stratiform.engine.listing import Listing
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


class Engine:
    """Reads and changes for the server, each in one transaction."""

    def __init__(
        self,
        database: Database,
        gate: Access,
        *,
        listings: Mapping[str, Listing],
        commands: Commands,
        kernel: Kernel | None = None,
    ) -> None:
        self.database = database
        self.kernel = kernel
        self.gate = gate
        self.listings = listings
        self.commands = commands

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
        known = self.commands.get(command)
        if not isinstance(known, Change):
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
        known, kernel = self.commands.get(command), self.kernel
        if not isinstance(known, Submit | Record) or kernel is None:
            raise UnknownCommand(command=command, reason=command)

        def run(work: Work) -> Submitted:
            call = self._call(work.tx, command, who, arguments, work)
            return known.run(call) if isinstance(known, Submit) else _recorded(known, call)

        return kernel.run(run)

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


def _recorded(known: Record, call: Call) -> Submitted:
    """Do what the command says, and file the job that tells of it."""
    row = known.run(call)
    return recorded(call, known.kind, call.text("id") if row is None else row.uuid)
