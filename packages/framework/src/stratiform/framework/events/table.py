"""The tables of events: the outbox, and the counter that numbers it."""

import sqlalchemy
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

metadata = MetaData()
"""The tables of the framework's events package."""

event = Table(
    "event",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource_kind", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("principal", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("root", Text),
    Column("job", Text),
    Column("owner", Text),  # the account whose event it is; none for what happens by itself
    Column("payload", Text, nullable=False),
    Column("number", BigInteger),
)
"""What happened, as it is told: an event has no other columns for people, who are told in words made of these."""

_NUMBERED = event.c.number.is_not(None)
_WAITING = event.c.number.is_(None)
Index("event_number", event.c.number, unique=True, sqlite_where=_NUMBERED, postgresql_where=_NUMBERED)
_OLDEST = sqlalchemy.and_(_WAITING, event.c.at >= 0)  # for those who ask for it so, and for nobody else
Index("event_waiting", event.c.at, event.c.id, sqlite_where=_OLDEST, postgresql_where=_OLDEST)
Index("event_turn", event.c.resource, event.c.generation, sqlite_where=_WAITING, postgresql_where=_WAITING)

# The newest first, of everybody, of an account and of a resource; the columns are those that counting takes.
Index("event_at", event.c.at, event.c.id, event.c.owner)
Index("event_owner", event.c.owner, event.c.at, event.c.id)
Index("event_resource", event.c.resource, event.c.at, event.c.id)

event_counter = Table(
    "event_counter",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)

WAITING = sqlalchemy.select(sqlalchemy.exists().where(_WAITING))
"""Whether a committed event has no number yet: fold it into a larger statement as a scalar subquery."""
