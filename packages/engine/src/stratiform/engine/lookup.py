"""Finding the entity that a command names, for somebody: what he may not see is not there."""

import sqlalchemy
from sqlalchemy import Connection

from stratiform.api import access
from stratiform.api.access import Access
from stratiform.api.principal import Principal
from stratiform.engine.listing import Listing
from stratiform.engine.registry import Row
from stratiform.framework.base import errors


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
    binding, table = listing.binding, listing.table
    where = [table.c.uuid == value]
    if not removed:
        where.append(listing.alive)
    wanted = sqlalchemy.select(table, *binding.columns()).select_from(listing.source).where(*where)
    row = connection.execute(wanted).one_or_none()
    missing = errors.NotFound(kind=listing.label, key="id", value=value)
    if row is None:
        raise missing
    attributes = binding.attributes(connection, row)
    if gate.may_use(who, action, listing.kind, attributes):
        return row
    if access.holds(gate.visible(who, action, listing.kind), attributes):
        raise errors.Denied(who=who.user, action=f"{action} the {listing.label} {value}")
    raise missing
