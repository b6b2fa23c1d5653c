"""Plain nouns: one way to create, change and remove what is a row, a name and an event."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import sqlalchemy
from sqlalchemy import Column, ColumnElement, Table, Text
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from stratiform.api.errors import InUse
from stratiform.engine import check
from stratiform.engine.entity import ALONG, metadata, name_key
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction
from stratiform.framework.events import outbox
from stratiform.framework.machine import Machine

Row: TypeAlias = sqlalchemy.Row[object]
"""A row of an entity's table, its columns as attributes."""

OWNER = "its_owner"

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class Taken(errors.Invalid):
    """There is already a {kind} with the {key} {value}. Choose another."""

    code = "taken"


class Stale(errors.Again):
    """Somebody else changed the {kind} {name} meanwhile. Look at it again."""

    code = "stale"


@dataclass(frozen=True, kw_only=True)
class Noun:
    """What is to be known of a plain noun."""

    kind: str
    """As in listings and events."""
    table: Table
    event: str
    """What its events begin with, for example ZONE."""
    name: str | None = "name"
    """The wire's parameter for its name; None for a noun without one."""
    within: tuple[str, ...] | None = ()
    """Columns inside which names are unique; None where names may repeat."""
    parts: tuple[Column[object], ...] = ()
    """Columns of other tables that refer to it and whose rows go with it."""
    outlived: bool = False
    """Whether what was made from it may go on when it is removed, as with offerings."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Its events that are called otherwise than `event` and a verb, by their verb."""

    @property
    def label(self) -> str:
        """Its name in messages."""
        return self.kind.replace("_", " ")


def create(tx: Transaction, world: World, noun: Noun, **values: object) -> Row:
    """Insert a row, give it an id, a UUID unless it has one, a name key and an event.

    Raises `BadParameter` for a name that is none and `Taken` for one that is not free.
    """
    columns = _begun(tx, world, values)
    if noun.name:
        columns |= _named(tx, noun, str(values["name"]), values)
    try:
        row = tx.execute(_insertion(noun.table), columns).one()
    except IntegrityError as broken:
        raise _clash(noun, columns, broken) from broken
    publish(tx, noun, row, "CREATE")
    return row


def write(tx: Transaction, world: World, noun: Noun, *, owner: str, **values: object) -> Row:
    """As `create`, in one statement: the row has what is given and whose it is, not what the database adds.

    An index must hold the noun's names apart, since nobody looks before; after `Taken` the transaction is lost.
    """
    columns = _begun(tx, world, values) | _spelled(noun, str(values["name"]))
    try:
        tx.insert(noun.table, [columns])
    except IntegrityError as broken:
        raise _clash(noun, columns, broken) from broken
    columns[OWNER] = owner
    row: Row = IteratorResult(SimpleResultMetaData([*columns]), iter([(*columns.values(),)])).one()
    publish(tx, noun, row, "CREATE")
    return row


def change(tx: Transaction, noun: Noun, row: Row, **values: object) -> Row:
    """Set columns of a row that is still as it was read. Raises `Stale`, `BadParameter` or `Taken`."""
    columns = dict(values)
    if "name" in values:
        here = row._asdict() | values
        columns |= _named(tx, noun, str(values["name"]), here, but=row.id)
    table = noun.table
    guard = (table.c.id == row.id, table.c.generation == row.generation, table.c.removed.is_(None))
    update = sqlalchemy.update(table).where(*guard).values(columns | {"generation": row.generation + 1})
    try:
        after = tx.execute(update.returning(*_owned(noun.table))).one_or_none()
    except IntegrityError as broken:
        raise _clash(noun, columns, broken) from broken
    if after is None:
        raise Stale(kind=noun.label, name=label(row))
    publish(tx, noun, after, "EDIT")
    return after


def move(tx: Transaction, noun: Noun, row: Row, states: Machine[S, E], event: E) -> Row:
    """Take a row to the state that follows on `event`. Raises `WrongState` or `Lost`."""
    states.transition_one(tx, noun.table, (row.id, row.state, row.generation), event)
    after = tx.execute(sqlalchemy.select(*_owned(noun.table)).where(noun.table.c.id == row.id)).one()
    publish(tx, noun, after, "EDIT")
    return after


def remove(tx: Transaction, world: World, noun: Noun, row: Row) -> None:
    """Mark a row as removed, with its parts. Raises `InUse` while anything else refers to it, or `Stale`."""
    refuse_used(tx, noun, row)
    now = world.clock.now()
    for part in _parts(noun):
        live = (part == row.id, part.table.c.removed.is_(None))
        tx.execute(sqlalchemy.update(part.table).where(*live).values(removed=now))
    table = noun.table
    guard = (table.c.id == row.id, table.c.generation == row.generation, table.c.removed.is_(None))
    update = sqlalchemy.update(table).where(*guard).values(removed=now, generation=row.generation + 1)
    after = tx.execute(update.returning(*_owned(noun.table))).one_or_none()
    if after is None:
        raise Stale(kind=noun.label, name=label(row))
    publish(tx, noun, after, "DELETE")


def _begun(tx: Transaction, world: World, values: Mapping[str, object]) -> dict[str, object]:
    now = world.clock.now()
    return {"id": tx.new_id(), "uuid": world.ids.uuid(), "generation": 0, "created": now, **values}


def publish(tx: Transaction, noun: Noun, row: Row, verb: str, **payload: object) -> None:
    """Tell that something happened to a row, in the words of CloudStack's events."""
    event = outbox.Event(
        kind=noun.names.get(verb, f"{noun.event}.{verb}"),
        resource_kind=noun.kind,
        resource=row.uuid,
        generation=row.generation,
        payload={"name": label(row), **payload},
        owner=owner(tx, noun, row),
    )
    outbox.publish(tx, [event])


def owner(tx: Transaction, noun: Noun, row: Row) -> str | None:
    """The UUID of the account that a row belongs to; None for what belongs to nobody."""
    if noun.table.name == "account":
        return str(row.uuid)
    if "account_id" not in noun.table.c:
        return None
    whose: str | None = getattr(row, OWNER, None)
    if whose is None:
        asked = sqlalchemy.select(owner_of(noun.table)).where(noun.table.c.id == row.id)
        whose = tx.connection.execute(asked).scalar_one()
    return whose


def owner_of(table: Table) -> ColumnElement[str]:
    """The UUID of the account that a row of the table, which has an `account_id`, belongs to."""
    found = f"(SELECT account.uuid FROM account WHERE account.id = {table.name}.account_id)"
    return sqlalchemy.literal_column(found, Text).label(OWNER)  # as text, since RETURNING correlates nothing


def label(row: Row) -> str:
    """What a row is called in messages: its name, or its UUID."""
    return str(getattr(row, "name", None) or row.uuid)


def _owned(table: Table) -> list[ColumnElement[Any]]:
    """The columns of a row, with whose it is if it is anybody's."""
    return [*table.c, *([owner_of(table)] if "account_id" in table.c else [])]


@lru_cache(maxsize=256)
def _insertion(table: Table) -> ReturningInsert[tuple[object, ...]]:
    """Made once: SQLAlchemy takes longer to make a statement than to run it."""
    return sqlalchemy.insert(table).returning(*_owned(table))


def _named(
    tx: Transaction, noun: Noun, name: str, values: dict[str, object], but: int | None = None
) -> dict[str, object]:
    """The two columns of a name that is free."""
    columns = _spelled(noun, name)
    if noun.within is None:
        return columns
    table = noun.table
    same = [table.c[each] == values.get(each) for each in noun.within]
    found = sqlalchemy.select(table.c.id).where(
        table.c.name_key == columns["name_key"], table.c.removed.is_(None), *same
    )
    if any(id != but for id in tx.execute(found).scalars()):
        raise Taken(kind=noun.label, key="name", value=columns["name"])
    return columns


def _spelled(noun: Noun, name: str) -> dict[str, object]:
    clean = check.name(noun.name or "name", name)
    return {"name": clean, "name_key": name_key(clean)}


def _clash(noun: Noun, columns: Mapping[str, object], broken: IntegrityError) -> Exception:
    """What a broken constraint means. PostgreSQL tells the index by its name, SQLite by its columns."""
    said = str(broken.orig)
    for index in noun.table.indexes:
        spelled = ", ".join(f"{noun.table.name}.{column.name}" for column in index.columns)
        if index.unique and (f'"{index.name}"' in said or said.endswith(f": {spelled}")):
            key = list(index.columns)[-1].name.removesuffix("_key")
            return Taken(kind=noun.label, key=key, value=columns.get(key))
    for column in noun.table.c:  # the UUID, or what is made of it
        if column.unique and (f'"{noun.table.name}_{column.name}_key"' in said or said.endswith(f": {column}")):
            return Taken(kind=noun.label, key="id", value=columns.get("uuid"))
    return broken


def refuse_used(tx: Transaction, noun: Noun, row: Row) -> None:
    """Raise `InUse` while anything but its parts refers to a row."""
    users = [] if noun.outlived else list(_referring(noun))
    if users:
        asked = (sqlalchemy.exists().where(each == row.id, each.table.c.removed.is_(None)) for each in users)
        found = tx.execute(sqlalchemy.select(*asked)).one()
        for column, is_used in zip(users, found, strict=True):
            if is_used:
                raise InUse(kind=noun.label, id=label(row), by=f"a {column.table.name.replace('_', ' ')}")


def _parts(noun: Noun) -> Iterator[Column[object]]:
    """The columns of its parts, and of what nouns above it declare to go with it."""
    yield from noun.parts
    yield from (column for column in _references(noun) if column.info.get(ALONG))


def _referring(noun: Noun) -> Iterator[Column[object]]:
    """The columns that refer to rows of the noun, but for its parts and for mere memories."""
    parts = {(part.table.name, part.name) for part in _parts(noun)}
    for column in _references(noun):
        if (column.table.name, column.name) not in parts and not column.name.startswith("last_"):
            yield column


def _references(noun: Noun) -> Iterator[Column[object]]:
    for table in metadata.sorted_tables:
        yield from (key.parent for key in table.foreign_keys if key.column.table is noun.table)
