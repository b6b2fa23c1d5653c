"""The listing engine: what a noun declares of its lists, and the one SELECT that answers them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    cast,
)
from sqlalchemy.sql import visitors

from stratiform.api.access import Equals, Filter
from stratiform.api.cloud import Page, Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import check
from stratiform.engine.entity import Expression, above, name_key
from stratiform.engine.visible import Binding, Condition, compile

DEFAULT_SIZE = 500
ALL = -1

Join: TypeAlias = tuple[FromClause, Condition]
Columns: TypeAlias = Mapping[str, Expression]
Finish: TypeAlias = Callable[[dict[str, object]], None]


class Unsupported(check.BadParameter):
    """A list of {kind} cannot be narrowed by {parameter}. What it can be narrowed by: {known}."""

    code = "unsupported_filter"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a list is asked, and by whom."""

    who: Principal
    filters: Mapping[str, object]

    def given(self, *names: str) -> bool:
        """Whether any of these parameters is given."""
        return any(self.filters.get(name) is not None for name in names)


_Select: TypeAlias = Select[*tuple[Any, ...]]

Narrow: TypeAlias = Callable[[object, Asked], Condition]
"""Turns the value of a parameter into a condition."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Nested:
    """A list inside each row of a list, such as a machine's network cards: one statement for all of them."""

    name: str
    """The wire field that holds it."""
    table: Table
    key: ColumnElement[int]
    """The outer list's column that the inner rows are found by."""
    parent: ColumnElement[int]
    """The inner table's column that refers to it."""
    columns: Columns
    joins: Sequence[Join] = ()
    order: Sequence[Expression] = ()
    constants: Mapping[str, object] = field(default_factory=dict)
    finish: Finish | None = None

    def add(self, connection: Connection, keys: Sequence[int], rows: Sequence[dict[str, object]]) -> None:
        """Put the inner rows, or an empty list, into every outer row; `keys` are the outer rows' own."""
        found: dict[int, list[dict[str, object]]] = {}
        names = tuple(self.columns)
        wanted = _among(self.parent, connection.dialect.name, set(keys))
        inner = connection.execute(self._base.where(wanted)).all()
        for values, row in zip(inner, _dicts(self.constants, names, inner), strict=True):
            if self.finish:
                self.finish(row)
            found.setdefault(values[-1], []).append(row)
        for key, outer in zip(keys, rows, strict=True):
            outer[self.name] = found.get(key, ())

    @cached_property
    def _base(self) -> _Select:
        source = _source(self.table, self.joins)
        found = sqlalchemy.select(*self.columns.values(), self.parent).select_from(source)
        return found.where(self.table.c.removed.is_(None)).order_by(*self.order or (self.table.c.id,))


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """Everything there is to know of a noun's lists; a literal.

    Joins are outer joins on keys, each after those it needs, so that a count can do without most. `filters` maps a
    parameter to the column that has its value or to a function that makes the condition.
    """

    kind: str
    table: Table
    columns: Columns
    """Wire field to column; a row leaves out what is NULL."""
    binding: Binding
    joins: Sequence[Join] = ()
    constants: Mapping[str, object] = field(default_factory=dict)
    """Fields that are the same in every row."""
    times: frozenset[str] = frozenset({"created"})
    """Fields in microseconds of UTC, to be written as the wire writes times."""
    operators: frozenset[str] = frozenset()
    """Fields that only administrators of everything see."""
    filters: Mapping[str, Expression | Narrow] = field(default_factory=dict)
    keyword: Sequence[ColumnElement[str]] = ()
    """Name keys that a keyword is looked for in."""
    own: Callable[[Asked], Filter | None] | None = None
    """What a list without `listall` is narrowed to; None where everything visible is listed anyway."""
    live: Condition | None = None
    """Which rows there are at all; by default those not removed."""
    nested: Sequence[Nested] = ()
    finish: Finish | None = None
    order: Sequence[Expression] = ()

    def page(self, connection: Connection, visible: Filter, who: Principal, query: Query) -> Page:
        """One page of what is visible and asked for.

        One SELECT, one more for each nested list, and one more for the count unless the page shows it.
        """
        asked = Asked(who=who, filters=query.filters)
        where = and_(self.alive, compile(visible, self.binding), *self._conditions(asked))
        size = None if query.pagesize == ALL else query.pagesize or DEFAULT_SIZE
        offset = (max(query.page or 1, 1) - 1) * (size or 0)
        rows = self._rows(connection, where, who, size, offset)
        if (size is None or len(rows) < size) and (rows or not offset):
            return Page(count=offset + len(rows), rows=rows)
        return Page(count=self._count(connection, where), rows=rows)

    def find(self, connection: Connection, visible: Filter, who: Principal, value: str) -> dict[str, object] | None:
        """The row of the entity with this UUID or number, removed or not; None if it is not visible."""
        where = and_(is_one(self.table, value), compile(visible, self.binding))
        rows = self._rows(connection, where, who, 1, 0)
        return rows[0] if rows else None

    @property
    def label(self) -> str:
        """The kind in messages."""
        return self.kind.replace("_", " ")

    @cached_property
    def source(self) -> FromClause:
        """The table with everything that is joined to it."""
        return _source(self.table, self.joins)

    @cached_property
    def alive(self) -> Condition:
        """Which rows there are at all."""
        return self.table.c.removed.is_(None) if self.live is None else self.live

    def _rows(
        self, connection: Connection, where: Condition, who: Principal, size: int | None, offset: int
    ) -> list[dict[str, object]]:
        names, base = self._whole if who.role is Role.ADMIN else self._restricted
        found = connection.execute(base.where(where).limit(size).offset(offset or None)).all()
        rows = _dicts(self.constants, names, found)
        for place, nested in enumerate(self.nested, start=len(names)):
            if rows:
                nested.add(connection, [row[place] for row in found], rows)
        if self.finish:
            for row in rows:
                self.finish(row)
        return rows

    def _count(self, connection: Connection, where: Condition) -> int:
        """How many rows match; joins what the condition speaks of and nothing else."""
        needed = _tables(where)
        joins = []
        for other, on in reversed(self.joins):
            if other in needed:
                needed |= _tables(on)
                joins.append((other, on))
        source = _source(self.table, joins[::-1])
        counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(source).where(where)
        return connection.execute(counted).scalar_one()

    @cached_property
    def _whole(self) -> tuple[tuple[str, ...], _Select]:
        return tuple(self.columns), self._select(self.columns)

    @cached_property
    def _restricted(self) -> tuple[tuple[str, ...], _Select]:
        columns = {name: column for name, column in self.columns.items() if name not in self.operators}
        return tuple(columns), self._select(columns)

    def _select(self, columns: Columns) -> _Select:
        keys = [nested.key for nested in self.nested]
        found = sqlalchemy.select(*(each.label(name) for name, each in columns.items()), *keys)
        return found.select_from(self.source).order_by(*self.order or (self.table.c.id,))

    def _conditions(self, asked: Asked) -> list[Condition]:
        conditions = [] if self.own is None else ownership(self.binding, self.own, asked)
        for parameter, value in asked.filters.items():
            if value is None or (self.own is not None and parameter in OWNERSHIP):
                continue
            conditions.append(self._condition(parameter, value, asked))
        return conditions

    def _condition(self, parameter: str, value: object, asked: Asked) -> Condition:
        if parameter == "id":
            return is_one(self.table, str(value))
        if parameter == "ids":
            return self.table.c.uuid.in_(list(value))  # type: ignore[call-overload]
        if parameter == "keyword" and self.keyword:
            key = name_key(str(value))
            return sqlalchemy.or_(*(column.contains(key, autoescape=True) for column in self.keyword))
        narrow = self.filters.get(parameter)
        if narrow is None:
            known = ", ".join(sorted({"id", "ids", *self.filters}))
            raise Unsupported(kind=self.kind, parameter=parameter, value=value, known=known)
        return narrow == value if isinstance(narrow, ColumnElement) else narrow(value, asked)


OWNERSHIP = frozenset({"listall", "account", "domainid", "isrecursive", "projectid"})
"""The parameters of every list of owned things."""

_ACCOUNT = above("account", "id", "uuid", "name_key", "domain_id")
_DOMAIN = above("domain", "id", "uuid", "path")


def mine(asked: Asked) -> Filter:
    """What the caller's own account owns."""
    return Equals("owner", asked.who.account)


def named(table: Table) -> Narrow:
    """A parameter that is a name: the whole of it, compared as names are."""
    return lambda value, _: table.c.name_key == name_key(str(value))


def refers(column: ColumnElement[int], table: Table) -> Narrow:
    """A parameter that is the UUID of another entity, removed or not, or its number."""

    def narrow(value: object, _: Asked) -> Condition:
        text = str(value)
        if text.isdecimal():
            return column == int(text)
        found = sqlalchemy.select(table.c.id).where(table.c.uuid == text)
        return column == found.correlate(None).scalar_subquery()

    return narrow


def is_one(table: Table, value: str) -> Condition:
    """Whether a row is the one of this UUID, or of this number."""
    return table.c.id == int(value) if value.isdecimal() else table.c.uuid == value


def owner(table: Table, account: Table, domain: Table) -> tuple[Join, Join]:
    """The joins of a table of owned things with its account and that one's domain."""
    return (account, account.c.id == table.c.account_id), (domain, domain.c.id == account.c.domain_id)


def ownership(binding: Binding, own: Callable[[Asked], Filter | None], asked: Asked) -> list[Condition]:
    """`listall`, `account`, `domainid` and `isrecursive`, as CloudStack takes them."""
    if asked.filters.get("projectid") not in (None, "-1"):
        return [sqlalchemy.false()]  # there are no projects yet
    domain = asked.filters.get("domainid")
    if asked.given("account"):
        home = _DOMAIN.c.uuid == str(domain) if domain is not None else _DOMAIN.c.path == asked.who.scope
        key = name_key(str(asked.filters["account"]))
        same = (_ACCOUNT.c.name_key == key, _ACCOUNT.c.domain_id == _DOMAIN.c.id, home)
        return [_column(binding.owner).in_(sqlalchemy.select(_ACCOUNT.c.uuid).where(*same))]
    if domain is not None:
        path = sqlalchemy.select(_DOMAIN.c.path).where(_DOMAIN.c.uuid == str(domain)).scalar_subquery()
        if not asked.filters.get("isrecursive"):
            return [_column(binding.scope) == path]
        stem = sqlalchemy.func.substr(path, 1, sqlalchemy.func.length(path) - 1)
        return [_column(binding.scope) >= path, _column(binding.scope) < stem + "0"]
    if asked.filters.get("listall") or asked.given("id", "ids"):
        return []
    narrowed = own(asked)
    return [] if narrowed is None else [compile(narrowed, binding)]


def _column(column: ColumnElement[str] | None) -> ColumnElement[str]:
    if column is None:
        raise TypeError("only what has an owner and a scope is listed by them")
    return column


def _dicts(
    constants: Mapping[str, object], names: Sequence[str], rows: Sequence[Row[*tuple[Any, ...]]]
) -> list[dict[str, object]]:
    """Rows by the wire's names, without what is NULL; the values of a row may go on behind the names."""
    found = []
    for row in rows:
        # the cost of a list is here: one pass over the values, then the constants in one sweep
        values = {name: value for name, value in zip(names, row, strict=False) if value is not None}
        values.update(constants)
        found.append(values)
    return found


def _source(table: Table, joins: Sequence[Join]) -> FromClause:
    source: FromClause = table
    for other, on in joins:
        source = source.outerjoin(other, on)
    return source


def _tables(condition: Condition) -> set[FromClause]:
    """The tables that a condition speaks of, inside its subqueries as well."""
    return {
        each.table for each in visitors.iterate(condition) if isinstance(each, ColumnClause) and each.table is not None
    }


def _among(column: ColumnElement[int], dialect: str, keys: set[int]) -> Condition:
    """Whether a column is one of any number of keys, in one parameter."""
    if dialect == "postgresql":
        keyed = bindparam("keys", list(keys), type_=ARRAY(BigInteger))
        return column == sqlalchemy.func.any(cast(keyed, ARRAY(BigInteger)))
    listed = sqlalchemy.func.json_each(f"[{','.join(map(str, keys))}]").table_valued("value")
    return column.in_(sqlalchemy.select(listed.c.value))
