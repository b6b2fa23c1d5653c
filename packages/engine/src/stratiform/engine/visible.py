"""Filters of `api.access` as SQL: the one predicate that lists are narrowed by and entities are checked with.

An attribute that a noun does not bind is None for every row of it, as `access.holds` takes it: nothing equals
it but `Equals(attribute, None)`, and a deny that speaks of it denies nothing.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, false, func, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from stratiform.api import access
from stratiform.api.principal import Principal
from stratiform.engine.entity import Expression, above
from stratiform.framework.base import errors

Condition = ColumnElement[bool]

MOST = 1000
"""Values of one `OneOf`."""


class TooMany(errors.Invalid):
    """A filter names {count} values, and {most} is the most: grant by account, domain or tag instead."""

    code = "too_many_values"


DOMAIN = above("domain", "id", "uuid", "path")
ACCOUNT = above("account", "id", "uuid", "removed", "name_key", "domain_id")


class _Walked(FunctionElement[Any]):
    """A column that SQLite is to compare row by row, in the order of the list.

    It has no statistics, and would rather find the rows by this column and sort them, however many there are.
    """

    inherit_cache = True


@compiles(_Walked)
def _as_it_is(element: _Walked, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Walked, "sqlite")
def _without_an_index(element: _Walked, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


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
class Reach:
    """The domain whose accounts an entity is shared with."""

    path: ColumnElement[str]
    """The domain's; NULL where the entity is shared with none."""
    below: Condition
    """Whether those of the domains below are meant too; never NULL."""

    def covers(self, path: sqlalchemy.Select[str]) -> Condition:
        """Whether the accounts of the domain with this path, if there is one, are among them; never NULL."""
        where = func.coalesce(path.scalar_subquery(), "")
        inside = and_(self.below, func.substr(where, 1, func.length(self.path)) == self.path)
        return and_(self.path.is_not(None), or_(self.path == where, inside))


@dataclass(frozen=True)
class Sharers(Container[str]):
    """The accounts, by UUID, that one entity is shared with: asked for one by one, since they may be many."""

    connection: Connection
    row: Row[object]
    links: Link | None
    reach: Reach | None
    who: Principal | None = None
    """Whose domain is known."""

    def __contains__(self, account: object) -> bool:
        """Whether the entity is shared with this account."""
        return self._is_linked(account) or self._is_reached(account)

    def _is_linked(self, account: object) -> bool:
        if self.links is None:
            return False
        own = sqlalchemy.select(self.links.value).where(self.links.entity == self.row.id, self.links.value == account)
        return self.connection.execute(own.limit(1)).first() is not None

    def _path(self, account: object) -> str:
        if self.who is not None and self.who.account == account:
            return self.who.scope
        return self.connection.execute(_path_of(ACCOUNT.c.uuid == account)).scalar_one_or_none() or ""

    def _is_reached(self, account: object) -> bool:
        if self.reach is None or self.row.its_reach is None:
            return False
        path = self._path(account)
        return bool(path == self.row.its_reach or (self.row.its_below and path.startswith(self.row.its_reach)))


@dataclass(frozen=True, kw_only=True)
class Binding:
    """Which columns the attributes of a noun are. What is None the noun lacks."""

    table: Table
    owner: ColumnElement[str] | None = None
    """UUID of the owning account."""
    owner_key: Expression | None = None
    """The noun's own column that refers to the account, by its id, or by its UUID if it is `owner` itself.

    It has an index; with it, what is owned is found without a join.
    """
    scope: ColumnElement[str] | None = None
    """Path of the domain."""
    tags: Link | None = None
    public: Condition | None = None
    """Whether the entity is shared with everybody; never NULL."""
    shares: Link | None = None
    """The accounts it is shared with, by UUID."""
    reach: Reach | None = None
    """The domain it is shared with."""

    def column(self, attribute: str) -> ColumnElement[str] | None:
        """The column of an attribute that is one text."""
        return {"owner": self.owner, "scope": self.scope, "id": self.table.c.get("uuid")}.get(attribute)

    @property
    def by_id(self) -> bool:
        """Whether the account is referred to by its id."""
        return self.owner_key is not None and self.owner_key is not self.owner

    def owned(self, where: Condition) -> Condition:
        """Whether the owner is the one account that this holds for; it speaks of `ACCOUNT` and `DOMAIN`."""
        return self.key == self._accounts(where).scalar_subquery()

    def placed(self, where: Callable[[ColumnElement[str]], Condition]) -> Condition:
        """Whether this holds for the path of its domain."""
        if self.owner_key is None:
            return sqlalchemy.false() if self.scope is None else where(self.scope)
        return _Walked(self.owner_key).in_(self._accounts(where(DOMAIN.c.path)))

    def theirs(self, account: Condition) -> Condition:
        """Whether it is owned by the one account that this holds for, or shared with the domain of that."""
        owned = self.owned(account)
        return owned if self.reach is None else or_(owned, self.reach.covers(_path_of(account)))

    def inside(self, path: sqlalchemy.Select[str], where: Callable[[ColumnElement[str]], Condition]) -> Condition:
        """Whether `where` holds for its domain, or it is shared with the one of this path.

        The domain of what is a domain's is that, not its owner's.
        """
        placed = self.placed(where)
        if self.reach is None:
            return placed
        theirs = and_(self.reach.path.is_not(None), where(self.reach.path))
        return or_(theirs, self.reach.covers(path), and_(self.reach.path.is_(None), placed))

    @property
    def key(self) -> Expression:
        """What refers to the account."""
        key = self.owner if self.owner_key is None else self.owner_key
        if key is None:
            raise TypeError(f"nobody owns a {self.table.name}")
        return key

    def _accounts(self, where: Condition) -> sqlalchemy.Select[Any]:
        """The accounts that this holds for, as the noun refers to them."""
        home = ACCOUNT.join(DOMAIN, DOMAIN.c.id == ACCOUNT.c.domain_id)
        key = ACCOUNT.c.id if self.by_id else ACCOUNT.c.uuid
        return sqlalchemy.select(key).select_from(home).where(where).correlate(None)

    def collects(self, attribute: str) -> bool:
        """Whether the attribute is one of many values that the noun has."""
        return (attribute == "tag" and self.tags is not None) or (attribute == "shared" and self._is_shared())

    def shared(self, account: str) -> Condition:
        """Whether an entity is shared with the account."""
        ways = [] if self.public is None else [self.public]
        if self.shares is not None:
            ways.append(self.shares.exists(self.table, account))
        if self.reach is not None:
            ways.append(self.reach.covers(_path_of(ACCOUNT.c.uuid == account)))
        return or_(false(), *ways)

    def columns(self) -> list[Expression]:
        """What a SELECT has to answer for `attributes`."""
        columns: dict[str, Expression | None] = {"owner": self.owner, "scope": self.scope, "public": self.public}
        if self.reach is not None:
            columns |= {"reach": self.reach.path, "below": self.reach.below}
        return [column.label(f"its_{name}") for name, column in columns.items() if column is not None]

    def attributes(
        self, connection: Connection, row: Row[object], who: Principal | None = None
    ) -> Mapping[str, object]:
        """The attributes of one row, as `access.holds` and the entity gate take them; mostly asked about `who`."""
        found: dict[str, object] = {"id": row.uuid}
        for name in ("owner", "scope"):
            found[name] = getattr(row, f"its_{name}", None)
        if self.tags is not None:
            found["tag"] = dict(self.tags.of(connection, row.id))
        if self._is_shared():
            sharers = Sharers(connection, row, self.shares, self.reach, who)
            found["shared"] = getattr(row, "its_public", False) or sharers
        return found

    def _is_shared(self) -> bool:
        return not (self.public is None and self.shares is None and self.reach is None)


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
            return _within(binding, attribute, path, negated)
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
    if attribute == "owner":
        return binding.key == _account_ids([value]).scalar_subquery() if binding.by_id else column == value
    return binding.placed(lambda path: path == value) if attribute == "scope" else column == value


def _within(binding: Binding, attribute: str, path: str, negated: bool) -> Condition:
    column = binding.column(attribute)
    if column is None:
        return _truth(negated)
    if not negated:
        return binding.placed(lambda here: below(here, path)) if attribute == "scope" else below(column, path)
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
    if attribute == "owner" and binding.by_id:
        return binding.key.in_(_account_ids(values))
    return column.in_(values)


def _path_of(account: Condition) -> sqlalchemy.Select[str]:
    """The path of the domain of the one account that this holds for; it speaks of `ACCOUNT` and `DOMAIN`."""
    home = ACCOUNT.join(DOMAIN, DOMAIN.c.id == ACCOUNT.c.domain_id)
    return sqlalchemy.select(DOMAIN.c.path).select_from(home).where(account).correlate(None)


def _account_ids(values: tuple[str, ...] | list[str]) -> sqlalchemy.Select[int]:
    found = sqlalchemy.select(ACCOUNT.c.id).correlate(None)
    return found.where(ACCOUNT.c.uuid == values[0]) if len(values) == 1 else found.where(ACCOUNT.c.uuid.in_(values))
