"""The sequencer: gives committed events consecutive numbers, because identity order is not commit order."""

import sqlalchemy

from stratiform.framework.db.database import Transaction

_LOCK = (
    "INSERT INTO event_counter (id, number) VALUES (1, 0)"
    " ON CONFLICT (id) DO UPDATE SET number = event_counter.number RETURNING number"
)

_OFF = ("enable_bitmapscan", "enable_hashjoin", "enable_material", "enable_mergejoin", "enable_seqscan")
"""What PostgreSQL must not do in this transaction: its statistics know of no backlog, so it would read all of it."""

_LOCKS = {
    "sqlite": sqlalchemy.text(_LOCK),
    "postgresql": sqlalchemy.text(", ".join([_LOCK, *(f"set_config('{name}', 'off', true)" for name in _OFF)])),
}

_NUMBER = sqlalchemy.text(
    "WITH oldest AS ("
    "  SELECT resource_kind, resource, generation FROM event WHERE number IS NULL AND at >= 0"
    "  ORDER BY at, id LIMIT :limit"
    "), newest AS ("
    "  SELECT resource_kind, resource, max(generation) AS generation FROM oldest GROUP BY resource_kind, resource"
    "), waiting AS ("
    "  SELECT event.id, event.resource_kind, event.resource, event.generation, max(event.at) OVER ("
    "    PARTITION BY event.resource_kind, event.resource ORDER BY event.generation, event.id"
    "    ROWS UNBOUNDED PRECEDING) AS turn"
    "  FROM newest JOIN event ON event.resource = newest.resource AND event.resource_kind = newest.resource_kind"
    "  WHERE event.number IS NULL AND event.generation <= newest.generation"
    "), line AS ("
    "  SELECT id, row_number() OVER (ORDER BY turn, resource_kind, resource, generation, id) AS place"
    "  FROM waiting"
    ") UPDATE event SET number = :last + line.place FROM line"
    " WHERE event.id = line.id AND line.place <= :limit AND event.number IS NULL RETURNING event.id"
)
"""By time, but a resource's events by generation, whatever the clocks of the servers that made them said.

The oldest are looked at, and what has to come before them: a round costs the same however many wait. `turn` never
falls along the generations of a resource, so ordering by it keeps them in order.
"""

_ADVANCE = sqlalchemy.text("UPDATE event_counter SET number = number + :count WHERE id = 1")


class Sequencer:
    """Numbers the outbox; any number of servers may have one, the counter's row lets one work at a time."""

    def number(self, tx: Transaction, limit: int = 10_000) -> int:
        """Number the events whose transactions have committed, at most `limit`, and answer how many.

        The counter's row is locked in a statement of its own: only the next one sees what was committed while
        it waited for the lock. The lock lasts until the commit, so numbers become visible in their order.
        """
        last = tx.execute(_LOCKS[tx.dialect]).scalars().one()
        count = len(tx.execute(_NUMBER, {"last": last, "limit": limit}).all())
        if count:
            tx.execute(_ADVANCE, {"count": count})
        return count
