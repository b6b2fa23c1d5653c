"""Filters of `api.access` as SQL: the one predicate that lists are narrowed by and entities are checked with.

An attribute that a noun does not bind is None for every row of it, as `access.holds` takes it: nothing equals
it but `Equals(attribute, None)`, and a deny that speaks of it denies nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, false, or_, true

from stratiform.api import access
from stratiform.engine.entity import Expression
from stratiform.framework.base import errors

Condition = ColumnElement[bool]

MOST = 1000
"""Values of one `OneOf`."""


class TooMany(errors.Invalid):
    """A filter names {count} values, and {most} is the most: grant by account, domain or tag instead."""

    code = "too_many_values"


@dataclass(frozen=True, kw_only=True)
class Link:
    """Rows of another table that say something of an entity: a tag, or an account it is shared with."""

    entity: ColumnElement[int]
    """The column that holds the entity's id."""
    value: ColumnElement[str]
    key: ColumnElement[str] | None = None

    def exists(self, table: Table, value: str, key: str | None = None) -> Condition:
        """Whether the entity has such a row."""
        same = [self.entity == table.c.id, self.value == value]
        if self.key is not None:
            same.append(self.key == key)
        return sqlalchemy.exists().where(*same).correlate(table)

    def of(self, connection: Connection, id: int) -> list[tuple[str, str]]:
        """The (key, value) of every row of an entity."""
        key = sqlalchemy.literal("") if self.key is None else self.key
        found = connection.execute(sqlalchemy.select(key, self.value).where(self.entity == id))
        return [(str(name), str(value)) for name, value in found]


@dataclass(frozen=True, kw_only=True)
class Binding:
    """Which columns the attributes of a noun are. What is None the noun lacks."""

    table: Table
    owner: ColumnElement[str] | None = None
    """UUID of the owning account."""
    owner_key: ColumnElement[int] | None = None
    """The noun's own column with the account's id, which has an index."""
    scope: ColumnElement[str] | None = None
    """Path of the domain."""
    tags: Link | None = None
    public: Condition | None = None
    """Whether the entity is shared with everybody; never NULL."""
    shares: Link | None = None
    """The accounts it is shared with, by UUID."""

    def column(self, attribute: str) -> ColumnElement[str] | None:
        """The column of an attribute that is one text."""
        return {"owner": self.owner, "scope": self.scope, "id": self.table.c.uuid}.get(attribute)

    def collects(self, attribute: str) -> bool:
        """Whether the attribute is one of many values that the noun has."""
        return (attribute == "tag" and self.tags is not None) or (attribute == "shared" and self._is_shared())

    def shared(self, account: str) -> Condition:
        """Whether an entity is shared with the account."""
        ways = [] if self.public is None else [self.public]
        if self.shares is not None:
            ways.append(self.shares.exists(self.table, account))
        return or_(false(), *ways)

    def columns(self) -> list[Expression]:
        """What a SELECT has to answer for `attributes`."""
        columns = {"owner": self.owner, "scope": self.scope, "public": self.public}
        return [column.label(f"its_{name}") for name, column in columns.items() if column is not None]

    def attributes(self, connection: Connection, row: Row[object]) -> Mapping[str, object]:
        """The attributes of one row, as `access.holds` and the entity gate take them."""
        found: dict[str, object] = {"id": row.uuid}
        for name in ("owner", "scope"):
            found[name] = getattr(row, f"its_{name}", None)
        if self.tags is not None:
            found["tag"] = dict(self.tags.of(connection, row.id))
        if self._is_shared():
            accounts = [] if self.shares is None else self.shares.of(connection, row.id)
            found["shared"] = getattr(row, "its_public", False) or frozenset(value for _, value in accounts)
        return found

    def _is_shared(self) -> bool:
        return self.public is not None or self.shares is not None


def compile(predicate: access.Filter, binding: Binding, *, negated: bool = False) -> Condition:
    """The condition that is true for exactly the rows that the predicate holds for (or not, if `negated`).

    Negation is carried down to the attributes, so that no NULL ever decides. Raises `TooMany`.
    """
    match predicate:
        case access.Nothing():
            return _truth(negated)
        case access.Everything():
            return _truth(not negated)
        case access.Equals(attribute, value):
            return _equals(binding, attribute, value, negated)
        case access.Within(attribute, path):
            return _within(binding.column(attribute), path, negated)
        case access.OneOf(attribute, values):
            return _one_of(binding, attribute, values, negated)
        case access.Tagged(key, value):
            has = false() if binding.tags is None else binding.tags.exists(binding.table, value, key)
            return _signed(has, negated)
        case access.SharedWith(account):
            return _signed(binding.shared(account), negated)
        case access.All(of):
            parts = [compile(each, binding, negated=negated) for each in of]
            return or_(false(), *parts) if negated else and_(true(), *parts)
        case access.Any(of):
            parts = [compile(each, binding, negated=negated) for each in of]
            return and_(true(), *parts) if negated else or_(false(), *parts)
        case access.Not(of):
            return compile(of, binding, negated=not negated)


def below(column: ColumnElement[str], path: str) -> Condition:
    """Whether a column that is compared by code point begins with the path."""
    following = after(path)
    return column >= path if following is None else and_(column >= path, column < following)


def after(path: str) -> str | None:
    """The first text by code point that comes after all that begin with `path`; None if there is none."""
    stripped = path.rstrip("\U0010ffff")
    if not stripped:
        return None
    last = ord(stripped[-1]) + 1
    return stripped[:-1] + chr(0xE000 if last == 0xD800 else last)  # surrogates are no characters


def _truth(value: bool) -> Condition:
    return true() if value else false()


def _signed(condition: Condition, negated: bool) -> Condition:
    return sqlalchemy.not_(condition) if negated else condition


def _equals(binding: Binding, attribute: str, value: str | None, negated: bool) -> Condition:
    column = binding.column(attribute)
    if column is None:
        return _truth((value is None and not binding.collects(attribute)) is not negated)
    if value is None:
        return column.is_not(None) if negated else column.is_(None)
    if negated:
        return or_(column.is_(None), column != value)
    if attribute == "owner" and binding.owner_key is not None:
        return binding.owner_key == _account_ids([value]).scalar_subquery()
    return column == value


def _within(column: ColumnElement[str] | None, path: str, negated: bool) -> Condition:
    if column is None:
        return _truth(negated)
    if not negated:
        return below(column, path)
    following = after(path)
    return or_(column.is_(None), column < path, false() if following is None else column >= following)


def _one_of(binding: Binding, attribute: str, values: tuple[str, ...], negated: bool) -> Condition:
    if len(values) > MOST:
        raise TooMany(count=len(values), most=MOST)
    column = binding.column(attribute)
    if column is None:
        return _truth(negated)
    if negated:
        return or_(column.is_(None), column.not_in(values))
    if attribute == "owner" and binding.owner_key is not None:
        return binding.owner_key.in_(_account_ids(values))
    return column.in_(values)


def _account_ids(values: tuple[str, ...] | list[str]) -> sqlalchemy.Select[int]:
    account = sqlalchemy.table("account", sqlalchemy.column("id"), sqlalchemy.column("uuid"))
    found = sqlalchemy.select(account.c.id)
    return found.where(account.c.uuid == values[0]) if len(values) == 1 else found.where(account.c.uuid.in_(values))
