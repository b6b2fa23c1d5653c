"""Epochs: a generation of the database and a counter in one bigint, which no restore can repeat."""

import sqlalchemy
from sqlalchemy import Connection

from stratiform.framework.cluster.table import generation
from stratiform.framework.db.database import Transaction

COUNTER_BITS = 40

_READ = sqlalchemy.select(sqlalchemy.func.coalesce(sqlalchemy.func.max(generation.c.generation), 1))
_RAISE = sqlalchemy.text(
    "INSERT INTO generation (id, generation) VALUES (1, 2)"
    " ON CONFLICT (id) DO UPDATE SET generation = generation.generation + 1 RETURNING generation"
)


def floor(database_generation: int) -> int:
    """The lowest epoch of a generation of the database; a counter only ever adds to it."""
    return database_generation << COUNTER_BITS


def split(epoch: int) -> tuple[int, int]:
    """The generation of the database and the counter that an epoch is made of."""
    return epoch >> COUNTER_BITS, epoch & (1 << COUNTER_BITS) - 1


def read_generation(connection: Connection) -> int:
    """The generation of the database: 1, and one more for each time it was restored."""
    found: int = connection.execute(_READ).scalar_one()
    return found


def raise_generation(tx: Transaction) -> int:
    """Begin a new generation, as must be done after the database was restored, and answer it."""
    raised: int = tx.connection.execute(_RAISE).scalar_one()
    return raised
