"""The engine as `api.cloud.Cloud`: lists, changes and work, each by a literal table."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy.exc import IntegrityError

from stratiform.api.access import Access, Everything
from stratiform.api.cloud import Page, Query, Submitted, Token
from stratiform.api.principal import Principal
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands, Record, Submit, record, recorded
from stratiform.engine.listing import Listing
from stratiform.framework.base import errors
from stratiform.framework.db.database import ATTEMPTS, Database, Transaction
from stratiform.framework.jobs import token as tokens
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.run import plain
from stratiform.framework.jobs.token import Kept, Key
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

    def change(
        self, command: str, who: Principal, arguments: Mapping[str, object], token: Token | None = None
    ) -> Mapping[str, object]:
        """Do a command that only writes the database and answer the entity as a row, empty if it is gone.

        Where it meets a step of a job that changes the same entity, it is done again on what the step left.
        What a token was used for is not done again: the row is answered as it was then. Raises `Reused`.
        """
        known, kernel = self.commands.get(command), self.kernel
        if not isinstance(known, Change):
            raise UnknownCommand(command=command, reason=command)

        def run(tx: Transaction, work: Work | None = None) -> Mapping[str, object]:
            kept = None if token is None else _claim(tx, command, who, token)
            if kept is not None:
                return _row(kept)
            row = known.run(self._call(tx, command, who, arguments, work))
            found = None if row is None else self._listing(known.kind).find(tx.connection, Everything(), who, row.uuid)
            if found is not None and known.tells:
                found |= {name: getattr(row, name) for name in known.tells}
            if token is None:
                return found or {}
            answer = plain({**(found or {}), **token.keeps})
            tokens.keep(tx, _key(command, who, token), answer=answer)
            return cast(Mapping[str, object], answer)

        for _ in range(ATTEMPTS):
            try:
                return self.database.run(run) if kernel is None else kernel.run(lambda work: run(work.tx, work))
            except errors.Again as again:
                met = again
        raise met

    def recall(self, command: str, who: Principal, token: Token) -> Mapping[str, object] | None:
        """The row that was answered with the token; None if it was not used, empty if no row was answered yet.

        Raises `Reused`.
        """
        with self.database.reading() as connection:
            now = self.database.world.clock.now()
            kept = tokens.find(connection, _key(command, who, token), same=token.same, now=now)
        return None if kept is None else _row(kept)

    def submit(
        self, command: str, who: Principal, arguments: Mapping[str, object], token: Token | None = None
    ) -> Submitted:
        """Accept a command's work: its entity, its claims and its job in one transaction.

        What a token was used for is not done again: the job is answered that was filed then. Raises `Reused`.
        """
        known, kernel = self.commands.get(command), self.kernel
        if not isinstance(known, Submit | Record) or kernel is None:
            raise UnknownCommand(command=command, reason=command)

        def run(work: Work, wish: str | None = None) -> Submitted:
            kept = None if token is None else _claim(work.tx, command, who, token)
            if kept is not None:
                return Submitted(job=str(kept.job), entity=kept.resource)
            _wish(work, command, known, wish)
            call = self._call(work.tx, command, who, arguments, work)
            done = known.run(call) if isinstance(known, Submit) else _recorded(known, call)
            if token is not None:
                tokens.keep(work.tx, _key(command, who, token), job=done.job, resource=done.entity)
            return done

        if token is None or token.job is None:
            return kernel.run(run)
        try:
            return kernel.run(lambda work: run(work, token.job))
        except IntegrityError:  # somebody else's job got that UUID meanwhile, so it is not free
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
            kinds=None if self.kernel is None else self.kernel.registry,
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


def _key(command: str, who: Principal, token: Token) -> Key:
    return Key(principal=who.user, scope=command, text=token.text)


def _claim(tx: Transaction, command: str, who: Principal, token: Token) -> Kept | None:
    key = _key(command, who, token)
    return tokens.claim(tx, key, request=token.request, same=token.same, until=token.until)


def _row(kept: Kept) -> Mapping[str, object]:
    return cast(Mapping[str, object], kept.answer or {})


def _wish(work: Work, command: str, known: Submit | Record, uuid: str | None) -> None:
    """Let the command's job have the UUID that is wished for, if it is free."""
    if uuid is not None and tokens.is_free(work.tx.connection, uuid):
        kinds = known.jobs if isinstance(known, Submit) else (record(command),)
        work.wish(uuid, {each.name for each in kinds})


def _recorded(known: Record, call: Call) -> Submitted:
    """Do what the command says, and file the job that tells of it."""
    row = known.run(call)
    return recorded(call, known.kind, call.text("id") if row is None else row.uuid)
