"""The weights of accounts, by which what their jobs cost is divided: of those that are queued already, too."""

import sqlalchemy

from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.table import share

_HELD = sqlalchemy.text(
    "INSERT INTO share (fair_key, weight) VALUES (:fair_key, 1)"
    " ON CONFLICT (fair_key) DO UPDATE SET weight = share.weight RETURNING weight"
)
"""The weight of an account, and its row, locked."""


def weigh(tx: Transaction, fair_key: str, weight: int) -> None:
    """Give an account a weight, and its queued roots the tickets that they would have with it.

    Whoever else weighs it waits. A job that somebody has locked keeps its ticket: it is taken up now, or steered.
    """
    before = tx.execute(_HELD, {"fair_key": fair_key}).scalar_one()
    here = share.c.fair_key == fair_key
    if weight == 1:
        tx.execute(sqlalchemy.delete(share).where(here))
    else:
        tx.execute(sqlalchemy.update(share).where(here).values(weight=weight))
    if weight != before:
        tx.execute(redraw(tx.dialect), {"fair_key": fair_key, "before": before, "weight": weight})


def redraw(dialect: str) -> sqlalchemy.TextClause:
    """Tickets as far behind the head of the queue as they cost now.

    The head is the first ticket that is ready: a stage's clock is told every few seconds only, and all that was taken
    up since would be passed. What was put before the clock stays there.
    """
    lock = " FOR UPDATE OF job SKIP LOCKED" if dialect == "postgresql" else ""
    first = "COALESCE((SELECT MIN(ticket) FROM job WHERE job.stage = stage.name AND job.state = 'ready'), 0)"
    return sqlalchemy.text(
        f"WITH head AS MATERIALIZED (SELECT name, CASE WHEN {first} > clock THEN {first} ELSE clock END AS place"
        " FROM stage), queued AS MATERIALIZED (SELECT job.id, head.place FROM head JOIN job ON job.stage = head.name"
        " WHERE job.fair_key = :fair_key AND job.state IN ('ready', 'blocked')"
        f" AND job.ticket > head.place ORDER BY job.id{lock})"
        " UPDATE job SET ticket = queued.place + (job.ticket - queued.place) * :before / :weight"
        " FROM queued WHERE job.id = queued.id"
    )
