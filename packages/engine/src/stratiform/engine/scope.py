"""The chain of scopes that configuration is read along: host, cluster, pod, zone, and then everything."""

import sqlalchemy

from stratiform.engine.cluster.table import cluster
from stratiform.engine.host.table import host
from stratiform.engine.pod.table import pod
from stratiform.framework.config.values import Scope
from stratiform.framework.db.database import Database

ABOVE = {
    "host": ("cluster", host.c.id, host.c.cluster_id),
    "cluster": ("pod", cluster.c.id, cluster.c.pod_id),
    "pod": ("zone", pod.c.id, pod.c.zone_id),
}
"""What contains a kind of thing, and where that is written."""


class Scopes:
    """Finds the scope above one; asked only for options that somebody set for a scope."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def parent(self, scope: Scope) -> Scope | None:
        """The scope that contains this one, None for the outermost and for what is not there."""
        kind, id = scope
        if kind not in ABOVE:
            return None
        above, key, parent = ABOVE[kind]
        with self._database.reading() as connection:
            found = connection.execute(sqlalchemy.select(parent).where(key == id)).scalar()
        return None if found is None else (above, int(found))
