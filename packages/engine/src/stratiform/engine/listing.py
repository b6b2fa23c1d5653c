"""The listing engine: what a noun declares of its lists, and the one SELECT that answers them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import (
    CTE,
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    TableClause,
    and_,
    literal_column,
    tuple_,
)
from sqlalchemy.sql import visitors

from stratiform.api.access import Equals, Everything, Filter
from stratiform.api.cloud import Page, Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import check
from stratiform.engine.entity import Expression, name_key
from stratiform.engine.rows import Found, Reader, among
from stratiform.engine.rows import keys as among_keys
from stratiform.engine.visible import ACCOUNT, DOMAIN, Binding, Condition, compile

DEFAULT_SIZE = 500
ALL = -1
PAGE = "page"
DIALECTS = ("postgresql", "sqlite")

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
        dialect = connection.dialect.name
        inner, found = self._reader.read(connection, self._wanted[dialect], among_keys(keys, dialect))
        if self.finish:
            for row in inner:
                self.finish(row)
        of: defaultdict[int, list[dict[str, object]]] = defaultdict(list)
        for values, row in zip(found, inner, strict=True):
            of[values[-1]].append(row)
        for key, outer in zip(keys, rows, strict=True):
            outer[self.name] = of.get(key, ())

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.columns, self.constants)

    @cached_property
    def _wanted(self) -> Mapping[str, _Select]:
        source = _source(self.table, self.joins)
        found = sqlalchemy.select(*self.columns.values(), self.parent).select_from(source)
        live = found.where(self.table.c.removed.is_(None)).order_by(*self.order or (self.table.c.id,))
        return {dialect: live.where(among(self.parent, dialect)) for dialect in DIALECTS}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Base:
    """What somebody is told of a row; the keys of the nested lists follow it."""

    reader: Reader
    fields: frozenset[str]
    all: _Select
    """For a condition."""
    page: _Select
    """For the page that is picked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing:
    """Everything there is to know of a noun's lists; a literal.

    Joins are outer joins on keys, each after those it needs, so that finding and counting rows can do without most.
    `filters` maps a parameter to the column that has its value or to a function that makes the condition.
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
    identity: Callable[[str], Condition] | None = None
    """Whether a row is the one of a UUID, if it is not its `uuid` that says so."""
    nested: Sequence[Nested] = ()
    finish: Finish | None = None
    adds: frozenset[str] = frozenset()
    """Fields that `finish` adds to those above."""
    order: Sequence[ColumnElement[Any]] = ()
    """The table's own columns that rows are ordered by: none is ever NULL, the last is unique. Its id by default."""
    newest_first: bool = False
    """Whether the order is from the greatest to the least."""
    counts_whole: bool = False
    """Whether all that matches is counted, not only what stands behind the page: right where filters have indexes that
    hold them alone."""

    def page(self, connection: Connection, visible: Filter, who: Principal, query: Query) -> Page:
        """One page of what is visible and asked for: one SELECT, the count in it, and one for each nested list.

        Only what is past the end is counted by a SELECT of its own.
        """
        where = self._where(visible, Asked(who=who, filters=query.filters))
        if query.pagesize == ALL:
            rows, _ = self._rows(connection, self._base(who).all.where(where), who)
            return self._told(len(rows), rows, who)
        size = query.pagesize or DEFAULT_SIZE
        offset = (max(query.page or 1, 1) - 1) * size
        if where is self.alive and not offset:
            rows, found = self._rows(connection, _opening(self, who.role is Role.ADMIN, size), who)
            return self._told(found[0][-1] if found else 0, rows, who)
        picked = self._picked(where, size, offset)
        left = self._counted(where if self.counts_whole else and_(where, self._is_behind)).scalar_subquery()
        rows, found = self._rows(connection, self._base(who).page.add_cte(picked).add_columns(left), who)
        if found:
            count = found[0][-1] + (0 if self.counts_whole else offset + len(found))
        else:
            count = connection.execute(self._counted(where)).scalar_one() if offset else 0
        return self._told(count, rows, who)

    def find(self, connection: Connection, visible: Filter, who: Principal, uuid: str) -> dict[str, object] | None:
        """The row of the entity with this UUID, removed or not; None if it is not visible."""
        where = and_(self._is(uuid), compile(visible, self.binding))
        rows, _ = self._rows(connection, self._base(who).all.where(where), who)
        return rows[0] if rows else None

    def first(self, connection: Connection, visible: Filter, asked: Asked) -> dict[str, object] | None:
        """The first row of what is visible and asked for."""
        wanted = self._base(asked.who).all.where(self._where(visible, asked)).limit(literal_column("1"))
        rows, _ = self._rows(connection, wanted, asked.who)
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

    @cached_property
    def keys(self) -> Sequence[ColumnElement[Any]]:
        """What the rows are ordered by."""
        return self.order or (self.table.c.id,)

    def _is(self, uuid: str) -> Condition:
        return self.table.c.uuid == uuid if self.identity is None else self.identity(uuid)

    def _where(self, visible: Filter, asked: Asked) -> Condition:
        conditions = self._conditions(asked)
        if not isinstance(visible, Everything):
            conditions.append(compile(visible, self.binding))
        return and_(self.alive, *conditions) if conditions else self.alive

    def _picked(self, where: Condition, size: int, offset: int) -> CTE:
        """Where the rows of a page stand: found by columns that are in an index, before anything wide is read.

        The size is not a parameter: a plan that is made for any size is made for a large part of the table.
        """
        keys = sqlalchemy.select(*self.keys).select_from(self._narrow(where)).where(where).order_by(*self._ordered)
        page = keys.limit(literal_column(str(size))).offset(offset or None).cte(PAGE)
        return page.prefix_with("MATERIALIZED")

    def _counted(self, where: Condition) -> Select[int]:
        counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(self._narrow(where)).where(where)
        return counted.correlate(None)

    def opening(self, *, operator: bool, size: int) -> _Select:
        """The first page of everything: the order's own index has it, nothing need be picked."""
        first = self._bases[operator].all.where(self.alive).limit(literal_column(str(size)))
        return first.add_columns(self._counted(self.alive).scalar_subquery())

    def _rows(self, connection: Connection, wanted: _Select, who: Principal) -> tuple[list[dict[str, object]], Found]:
        """Rows by name, and as they were found."""
        reader = self._base(who).reader
        rows, found = reader.read(connection, wanted)
        for place, nested in enumerate(self.nested if rows else (), start=len(reader.names)):
            nested.add(connection, [*map(itemgetter(place), found)], rows)
        if self.finish:
            for row in rows:
                self.finish(row)
        return rows, found

    def _told(self, count: int, rows: list[dict[str, object]], who: Principal) -> Page:
        return Page(count=count, rows=rows, fresh=True, fields=self._base(who).fields)

    def _narrow(self, where: Condition) -> FromClause:
        """The table with what the condition speaks of joined to it, and nothing else."""
        needed = _tables(where)
        joins = []
        for other, on in reversed(self.joins):
            if other in needed:
                needed |= _tables(on)
                joins.append((other, on))
        return _source(self.table, joins[::-1])

    @cached_property
    def _ordered(self) -> Sequence[Expression]:
        return [each.desc() for each in self.keys] if self.newest_first else self.keys

    @cached_property
    def _page(self) -> TableClause:
        """What `_picked` finds, for statements that are made before."""
        return sqlalchemy.table(PAGE, *(sqlalchemy.column(each.name, each.type) for each in self.keys))

    @cached_property
    def _is_behind(self) -> Condition:
        """Whether a row comes after the last of the page; an index finds those, since each value is asked for alone."""
        ends = [each if self.newest_first else each.desc() for each in self._page.c]
        last = (sqlalchemy.select(each).order_by(*ends).limit(literal_column("1")) for each in self._page.c)
        there = [each.correlate(None).scalar_subquery() for each in last]
        if len(there) == 1:
            return self.keys[0] < there[0] if self.newest_first else self.keys[0] > there[0]
        return tuple_(*self.keys) < tuple_(*there) if self.newest_first else tuple_(*self.keys) > tuple_(*there)

    @cached_property
    def _bases(self) -> Mapping[bool, _Base]:
        restricted = {name: column for name, column in self.columns.items() if name not in self.operators}
        return {True: self._made(self.columns), False: self._made(restricted)}

    def _base(self, who: Principal) -> _Base:
        return self._bases[who.role is Role.ADMIN]

    def _made(self, columns: Columns) -> _Base:
        wanted = sqlalchemy.select(*columns.values(), *(nested.key for nested in self.nested))
        same = and_(*(there == here for there, here in zip(self._page.c, self.keys, strict=True)))
        page = _source(self._page.join(self.table, same), self.joins)
        return _Base(
            reader=Reader(columns, self.constants),
            fields=self.adds.union(columns, self.constants, (nested.name for nested in self.nested)),
            all=wanted.select_from(self.source).order_by(*self._ordered),
            page=wanted.select_from(page).order_by(*self._ordered),
        )

    def _conditions(self, asked: Asked) -> list[Condition]:
        conditions = [] if self.own is None else ownership(self.binding, self.own, asked)
        for parameter, value in asked.filters.items():
            if value is None or (self.own is not None and parameter in OWNERSHIP):
                continue
            conditions.append(self._condition(parameter, value, asked))
        return conditions

    def _condition(self, parameter: str, value: object, asked: Asked) -> Condition:
        if parameter == "id":
            return self._is(str(value))
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


@lru_cache(maxsize=512)
def _opening(listing: Listing, operator: bool, size: int) -> _Select:
    """What is asked most often need not be put together anew."""
    return listing.opening(operator=operator, size=size)


OWNERSHIP = frozenset({"listall", "account", "domainid", "isrecursive", "projectid"})
"""The parameters of every list of owned things."""

_TOP = DOMAIN.alias("top")


def mine(asked: Asked) -> Filter:
    """What the caller's own account owns."""
    return Equals("owner", asked.who.account)


def named(table: Table) -> Narrow:
    """A parameter that is a name: the whole of it, compared as names are."""
    return lambda value, _: table.c.name_key == name_key(str(value))


def refers(column: ColumnElement[int], table: Table) -> Narrow:
    """A parameter that is the UUID of another entity, removed or not."""

    def narrow(value: object, _: Asked) -> Condition:
        found = sqlalchemy.select(table.c.id).where(table.c.uuid == str(value))
        return column == found.correlate(None).scalar_subquery()

    return narrow


def owner(table: Table, account: Table, domain: Table) -> tuple[Join, Join]:
    """The joins of a table of owned things with its account and that one's domain."""
    return (account, account.c.id == table.c.account_id), (domain, domain.c.id == account.c.domain_id)


def ownership(binding: Binding, own: Callable[[Asked], Filter | None], asked: Asked) -> list[Condition]:
    """`listall`, `account`, `domainid` and `isrecursive`, as CloudStack takes them."""
    if asked.filters.get("projectid") not in (None, "-1"):
        return [sqlalchemy.false()]  # there are no projects yet
    domain = asked.filters.get("domainid")
    if asked.given("account"):
        home = DOMAIN.c.path == asked.who.scope if domain is None else DOMAIN.c.uuid == str(domain)
        return [_of_account(binding, name_key(str(asked.filters["account"])), home)]
    if domain is not None:
        return [_of_domain(binding, str(domain), recursive=bool(asked.filters.get("isrecursive")))]
    if asked.filters.get("listall") or asked.given("id", "ids"):
        return []
    narrowed = own(asked)
    return [] if narrowed is None else [compile(narrowed, binding)]


def _of_account(binding: Binding, key: str, home: Condition) -> Condition:
    """Whether it is the live account's of this name."""
    return binding.theirs(and_(ACCOUNT.c.name_key == key, ACCOUNT.c.removed.is_(None), home))


def _of_domain(binding: Binding, uuid: str, *, recursive: bool) -> Condition:
    """Whether it belongs to this domain, or with `recursive` to one below it."""
    found = sqlalchemy.select(_TOP.c.path).where(_TOP.c.uuid == uuid).correlate(None)
    path = found.scalar_subquery()
    if not recursive:
        return binding.inside(found, lambda here: here == path)
    stem = sqlalchemy.func.substr(path, 1, sqlalchemy.func.length(path) - 1)
    return binding.inside(found, lambda here: and_(here >= path, here < stem + "0"))


def _source(table: FromClause, joins: Sequence[Join]) -> FromClause:
    source = table
    for other, on in joins:
        source = source.outerjoin(other, on)
    return source


def _tables(condition: Condition) -> set[FromClause]:
    """The tables that a condition speaks of, inside its subqueries as well."""
    return {
        each.table for each in visitors.iterate(condition) if isinstance(each, ColumnClause) and each.table is not None
    }
