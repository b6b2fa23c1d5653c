"""Circuit breakers: which resources leave their commands unanswered, as the jobs that carry these tell."""

from typing import Any

import sqlalchemy
from sqlalchemy import Subquery, func, literal_column, or_

from stratiform.framework.cluster.table import process
from stratiform.framework.jobs.table import job, lane

LATE = 3
"""Commands past their limit that open a circuit; fewer where the resource's lane has fewer slots."""


def circuits(kind: str) -> Subquery[Any]:
    """The open circuits of the resources of a kind: `lane`, as in `host/UUID`, and `since` when a command is late.

    Open is the circuit of a resource that has not ended `LATE` commands of its lane within their limit, whatever it
    says of them: one that hangs answers probes, and that its commands run. Nobody opens or closes it and nothing is
    written: it is what the jobs say, alike for every server and after any crash. So it closes once commands end, it
    opens only after another whole limit, and it cannot stay open where nothing waits. The time is that of the newest
    beat, for a statement has no clock.
    """
    now = sqlalchemy.select(func.max(process.c.heartbeat)).scalar_subquery()
    unanswered = (
        job.c.state == literal_column("'running'"),
        job.c.owner.is_not(None),  # what the index holds that this is read by
        job.c.kind == f"{kind}.command",
        job.c.resource == job.c.lane,  # neither its urgent commands nor those that may take long
        job.c.deadline <= now,
    )
    many = or_(func.count() >= LATE, func.count() >= func.min(lane.c.width))
    found = sqlalchemy.select(job.c.lane, func.min(job.c.deadline).label("since")).join(lane, lane.c.key == job.c.lane)
    return found.where(*unanswered).group_by(job.c.lane).having(many).subquery("circuit")
