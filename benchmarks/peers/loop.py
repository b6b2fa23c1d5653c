"""The bare batched loop: rows with a payload, claimed and ended 250 at a time by two statements and one commit."""

import json
import time

import sqlalchemy
from peers import lent

from stratiform.framework.base.world import World
from stratiform.framework.db import rows
from stratiform.framework.db.store import DriverStore
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases


def rate(server: str, count: int) -> float:
    """Rows per second, on one connection."""
    with lent.database(server) as url, databases.opened(url, World(store=DriverStore()), [FRAMEWORK]) as database:
        wanted = rows.source(database.dialect, {"id": "integer"})
        skip = " FOR UPDATE SKIP LOCKED" if database.dialect == "postgresql" else ""
        ready = f"SELECT id, payload FROM bare WHERE state = 'ready' ORDER BY id LIMIT {lent.BATCH}"
        claim = sqlalchemy.text(ready + skip)
        end = sqlalchemy.text(f"UPDATE bare SET state = 'done' WHERE id IN (SELECT id FROM {wanted})")
        with database.transaction() as tx:
            tx.execute(sqlalchemy.text("CREATE TABLE bare (id BIGINT PRIMARY KEY, state TEXT, payload TEXT)"))
            tx.execute(sqlalchemy.text("CREATE INDEX bare_ready ON bare (id) WHERE state = 'ready'"))
            fill = sqlalchemy.text(f"INSERT INTO bare SELECT id, 'ready', '{{}}' FROM {wanted}")
            tx.execute(fill, {"rows": json.dumps([{"id": number} for number in range(count)])})
        lent.analyse(database.engine)
        began = time.perf_counter()
        done = 0
        while done < count:
            with database.transaction() as tx:
                ids = [{"id": row.id} for row in tx.execute(claim)]
                tx.execute(end, {"rows": json.dumps(ids)})
            done += len(ids)
        return count / (time.perf_counter() - began)
