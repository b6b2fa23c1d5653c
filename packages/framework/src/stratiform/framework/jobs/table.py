"""The tables of the job engine; times are microseconds of UTC, payloads opaque JSON text."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()
"""The tables of the framework's jobs package."""

stage = Table(
    "stage",
    metadata,
    Column("name", Text, primary_key=True),
    Column("workers", Integer, nullable=False),  # threads in each process
    Column("least", Integer),  # between these the number of workers follows the target, if there is one
    Column("most", Integer),
    Column("target", BigInteger),  # the age of the oldest ready job that workers are added for
    Column("mode", Text, nullable=False),  # run, drain or pause
    Column("in_flight", Integer),  # roots under way at most
    Column("depth", Integer),  # roots queued at most
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("deadline", BigInteger),  # the time that a root filed here is given
    Column("scaled", BigInteger),  # when the number of workers followed the work last, and why
    Column("reason", Text),
    Column("clock", BigInteger, nullable=False),  # virtual time: the ticket last taken up here
)

lane = Table(
    "lane",
    metadata,
    Column("key", Text, primary_key=True),  # for example host/7
    Column("width", Integer, nullable=False),
    Column("busy", Integer, nullable=False),  # jobs that hold a slot: ready, running or waiting
    Column("queued", Integer, nullable=False),  # jobs that want one: blocked; of a lane that runs only when it is full
    Column("mode", Text, nullable=False, server_default="run"),  # run, or pause: then it gives out no slot
    Column("steered", Integer, nullable=False, server_default="0"),  # 1 as an operator set it: the row is kept
    postgresql_with={"fillfactor": 70},
)

share = Table(
    "share",
    metadata,
    Column("fair_key", Text, primary_key=True),  # the account
    Column("weight", Integer, nullable=False),  # by which what its jobs cost is divided; 1 for those not here
)

job = Table(
    "job",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", Text, nullable=False, unique=True),
    Column("root", Text, nullable=False),  # UUID of the job that it all began with
    Column("parent", BigInteger),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("lane", Text),  # the lane that it holds or wants a slot of; none if an ancestor holds it
    Column("held", Text, nullable=False),  # JSON: the lanes held by it and its ancestors, lowest rank first
    Column("fair_key", Text, nullable=False),  # whose share it takes: the account
    Column("priority", Integer, nullable=False),
    Column("ticket", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),  # how it ended
    Column("step", Text, nullable=False),  # the step to run next, by name; empty when none is left
    Column("done", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("direction", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text),
    Column("pending", Integer, nullable=False),  # children that have not ended
    Column("not_before", BigInteger),
    Column("deadline", BigInteger),
    Column("due", BigInteger),  # when it is cancelled if it has not ended
    Column("rewind", Text),  # on its way back only to this step, from which it goes forward again
    Column("way", Integer, nullable=False, server_default="0"),  # how often it began again
    Column("memory", Text),  # JSON: what its steps keep for later ones, the way back and forth included
    Column("cancel", BigInteger),  # when somebody asked for its end
    Column("hold", BigInteger),  # when somebody asked for it to wait
    Column("retried", Text),  # UUID of the job that was filed anew for it
    Column("resource", Text),  # what it is about, for example vm/UUID
    Column("principal", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("answer", Text),  # JSON: what the last step left for the next one; of an ended job, its result
    Column("error", Text),  # JSON: why it is or was undone
    Column("journal", Text, nullable=False),  # JSON: [time, step, undo, text] of each step's end
    Column("created", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    # what queues leave behind in their indexes must not wait until a fifth of all history is dead
    postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.01},
)
"""Every job, live or ended: the indexes that the queues are read by hold what is queued, so history costs nothing."""

COLUMNS = tuple(column.name for column in job.columns)
"""The columns of a job, in the order in which they are read."""


HOLDING = "state IN ('ready', 'running', 'waiting', 'held')"
"""Jobs that hold a slot of their lane."""

UNDER_WAY = "parent IS NULL AND (state IN ('running','waiting') OR (state IN ('ready','held') AND done + way > 0))"
"""Roots that were begun: what a stage's `in_flight` counts."""

OVERDUE = "due IS NOT NULL AND cancel IS NULL AND state <> 'ended'"
"""Jobs that their deadline is to cancel."""


def _index(name: str, *columns: Column[object], where: str) -> None:
    Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


_index("job_ready", job.c.stage, job.c.ticket, where="state = 'ready'")
_index("job_blocked", job.c.lane, job.c.ticket, where="state = 'blocked'")
_index("job_owner", job.c.owner, where="owner IS NOT NULL")
_index("job_not_before", job.c.not_before, where="not_before IS NOT NULL")
_index("job_parent", job.c.parent, where="parent IS NOT NULL")
Index("job_root", job.c.root)
_index("job_ended", job.c.changed, where="state = 'ended' AND parent IS NULL")
Index("job_resource", job.c.resource)
_index("job_lane", job.c.lane, where=HOLDING)
Index("job_fair_key", job.c.fair_key, job.c.created, job.c.id)
_index("job_created", job.c.created, job.c.id, where="parent IS NULL")
_index("job_under_way", job.c.stage, where=UNDER_WAY)
_index("job_due", job.c.due, where=OVERDUE)
_index("job_fair", job.c.stage, job.c.fair_key, job.c.ticket, where="state IN ('ready', 'blocked')")
_RETRIED = text("retried IS NOT NULL")
Index("job_retried", job.c.retried, unique=True, postgresql_where=_RETRIED, sqlite_where=_RETRIED)
