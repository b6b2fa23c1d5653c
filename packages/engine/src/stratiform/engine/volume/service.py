"""Taking volumes from state to state, each time with the event that tells of it."""

from collections.abc import Iterable, Mapping

import sqlalchemy

from stratiform.engine.registry import owner_of
from stratiform.engine.volume.states import Event, machine
from stratiform.engine.volume.table import volume
from stratiform.framework.db.database import Transaction
from stratiform.framework.events.outbox import Event as Told
from stratiform.framework.machine import Lost

_READ = sqlalchemy.select(
    volume.c.id, volume.c.uuid, volume.c.name, volume.c.state, volume.c.generation, owner_of(volume)
).where(
    volume.c.id.in_(sqlalchemy.bindparam("ids", expanding=True))
)


def move(
    tx: Transaction,
    ids: Iterable[int],
    event: Event,
    kind: str,
    *,
    each: Mapping[int, Mapping[str, object]] | None = None,
    **values: object,
) -> dict[int, Told]:
    """Take volumes to their next state and answer, by their id, the events of this `kind`, to be published with it.

    Raises `WrongState`, or `Lost` if somebody changed one meanwhile: then nothing may be committed.
    """
    wanted = sorted(set(ids))
    rows = tx.execute(_READ, {"ids": wanted}).all() if wanted else []
    members = [(row.id, row.state, row.generation) for row in rows]
    moved = machine.transition(tx, volume, members, event, each=each, **values)
    told = {}
    for row in rows:
        if row.id not in moved:
            raise Lost(kind=machine.kind, id=row.uuid, state=row.state, event=event.value)
        told[row.id] = Told(
            kind=kind,
            resource_kind="volume",
            resource=row.uuid,
            generation=row.generation + 1,
            payload={"state": machine.after(row.state, event), "name": row.name}
            | ({"failed": True} if event is Event.FAIL else {}),
            owner=row.its_owner,
        )
    return told
