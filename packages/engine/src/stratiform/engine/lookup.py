"""Finding the entities that a command names, for somebody: what he may not see is not there."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy
from sqlalchemy import Connection, Select, bindparam
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData

from stratiform.api import access
from stratiform.api.access import Access
from stratiform.api.principal import Principal
from stratiform.engine.listing import Listing
from stratiform.engine.registry import Row
from stratiform.framework.base import errors

SOUGHT = "sought"

_Select: TypeAlias = Select[*tuple[Any, ...]]


def find(
    connection: Connection,
    listing: Listing,
    value: str,
    who: Principal,
    action: str,
    gate: Access,
    *,
    removed: bool = False,
) -> Row:
    """The row of the entity with this UUID, all columns of its table.

    Raises `NotFound` where it is not there or `who` may not see it, with the same words, and `Denied` where
    he may see it but not do `action` to it. With `removed`, entities that are gone are found as well.
    """
    row = connection.execute(_wanted(listing, removed), {SOUGHT: value}).one_or_none()
    if row is None:
        raise _missing(listing, value)
    return admit(connection, listing, row, who, action, gate)


def find_all(
    connection: Connection, named: Sequence[tuple[Listing, str]], who: Principal, action: str, gate: Access
) -> list[Row]:
    """What `find` answers for each, in one statement. Raises what it raises for the first that is not to be had."""
    listings = tuple(listing for listing, _ in named)
    sought = {f"{SOUGHT}{place}": value for place, (_, value) in enumerate(named)}
    found = connection.execute(_together(listings), sought).one_or_none()
    if found is None:
        return [find(connection, listing, value, who, action, gate) for listing, value in named]
    rows, begin = [], 0
    for listing in listings:
        shape = _shape(listing)
        row: Row = IteratorResult(shape, iter([found[begin : begin + len(shape.keys)]])).one()
        rows.append(admit(connection, listing, row, who, action, gate))
        begin += len(shape.keys)
    return rows


def admit(connection: Connection, listing: Listing, row: Row, who: Principal, action: str, gate: Access) -> Row:
    """The row, which has what the listing's binding needs too, if `who` may do `action` to it; raises as `find`."""
    attributes = listing.binding.attributes(connection, row, who)
    if gate.may_use(who, action, listing.kind, attributes):
        return row
    if access.holds(gate.visible(who, action, listing.kind), attributes):
        raise errors.Denied(who=who.user, action=f"{action} the {listing.label} {row.uuid}")
    raise _missing(listing, row.uuid)


def _missing(listing: Listing, value: str) -> errors.NotFound:
    return errors.NotFound(kind=listing.label, key="id", value=value)


# Statements are made once: SQLAlchemy takes longer to make one than to run it.


@lru_cache(maxsize=256)
def _wanted(listing: Listing, removed: bool, sought: str = SOUGHT) -> _Select:
    where = [listing.table.c.uuid == bindparam(sought)]
    if not removed:
        where.append(listing.alive)
    columns = (*listing.table.c, *listing.binding.columns())
    return sqlalchemy.select(*columns).select_from(listing.source).where(*where)


@lru_cache(maxsize=256)
def _together(listings: tuple[Listing, ...]) -> _Select:
    """One row if all are there, else none."""
    parts = [_wanted(listing, False, f"{SOUGHT}{place}").subquery() for place, listing in enumerate(listings)]
    source: sqlalchemy.FromClause = parts[0]
    for part in parts[1:]:
        source = source.join(part, sqlalchemy.true())
    return sqlalchemy.select(*(column for part in parts for column in part.c)).select_from(source)


@lru_cache(maxsize=256)
def _shape(listing: Listing) -> SimpleResultMetaData:
    return SimpleResultMetaData([column.key for column in _wanted(listing, False).subquery().c])
