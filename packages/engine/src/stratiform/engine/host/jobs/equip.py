"""Equip a host that answers: it attaches the storage pools that it reaches, then machines may be placed there.

A host may have lost them while it was silent, and missed those that came meanwhile. So it counts how often it fell
silent and after which of these times it was equipped; placement wants both to be the same.
"""

from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.command import Target, send
from stratiform.engine.host.jobs.detach import Detach, detach
from stratiform.engine.host.states import State
from stratiform.engine.host.table import host
from stratiform.engine.registry import Row
from stratiform.framework.agents.message import message
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.base.clock import SECOND
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work

OPERATORS = "operators"
"""The fair key of work on the cloud itself that nobody asked for."""

PAUSE = 60 * SECOND
"""Between two attempts."""


class Equip(msgspec.Struct, frozen=True, kw_only=True):
    """Which host, after which silence, and whether it was tried in vain before."""

    host: int
    target: Target
    silence: int
    again: bool = False


@step(priority=Priority.CONTROL, filed=True)
def wait(work: Work, run: Run[Equip]) -> None:
    """Leave some time between two attempts."""
    if run.payload.again:
        work.sleep(run, work.now + PAUSE)


@wait.undo
def try_again(work: Work, run: Run[Equip]) -> None:
    """It takes nothing new meanwhile; whoever connects it for the first time is told instead."""
    row = _row(work.tx, run.payload)
    if run.parent is None and row is not None:
        later = msgspec.structs.replace(run.payload, again=True)
        work.submit(equip, later, fair_key=run.fair_key, resource=f"host/{row.uuid}")


@step(priority=Priority.STORAGE_PATH)
def attach(work: Work, run: Run[Equip]) -> None:
    """Let it attach the pools of its cluster and zone, and leave those that are gone."""
    row = _row(work.tx, run.payload)
    if row is None:
        return work.complete(run)
    reach.take_turns(work.tx, row.zone_id)
    found = reach.pools(work.tx, row)
    reach.attach(work.tx, work.world, [(pool.id, row.id) for pool in found])
    for pool in found:
        spec = PoolSpec(uuid=pool.uuid, url=pool.url)
        send(work, run, run.payload.target, message(PrimaryStorage.attach, spec))
    for pool in reach.left(work.tx, row):
        spec = PoolSpec(uuid=pool.uuid, url=pool.url)
        payload = Detach(host=row.id, target=run.payload.target, pool=pool.id, spec=spec)
        work.submit(detach, payload, fair_key=run.fair_key, resource=f"host/{row.uuid}")
    return None


@step(priority=Priority.CONTROL)
def admit(work: Work, run: Run[Equip]) -> None:
    """It has everything that it had, unless it fell silent again."""
    same = (host.c.id == run.payload.host, host.c.silences == run.payload.silence)
    work.tx.execute(sqlalchemy.update(host).where(*same).values(equipped=run.payload.silence))


def _row(tx: Transaction, wanted: Equip) -> Row | None:
    """The host, if it is still there and did not fall silent since."""
    same = (host.c.id == wanted.host, host.c.silences == wanted.silence, host.c.removed.is_(None))
    return tx.execute(sqlalchemy.select(host).where(*same)).one_or_none()


equip = Job("host.equip", 1, Equip, "infrastructure", [wait, attach, admit])


def watch(kernel: Kernel) -> Callable[[Transaction, Sequence[int], Connection], None]:
    """What the monitor tells of each change of a connection, in the transaction that records it."""

    def changed(tx: Transaction, ids: Sequence[int], state: Connection) -> None:
        mine = (host.c.id.in_(ids), host.c.removed.is_(None))
        if state == Connection.UP:
            work = Work(tx, kernel.registry, kernel.world, kernel.provided)
            lacking = (host.c.equipped != host.c.silences, host.c.state != State.ERROR)
            rows = tx.execute(sqlalchemy.select(host).where(*mine, *lacking).order_by(host.c.id)).all()
            known = reach.by_id(tx, [row.id for row in rows])
            for row in rows:
                payload = Equip(host=row.id, target=known[row.id].target, silence=row.silences)
                work.submit(equip, payload, fair_key=OPERATORS, resource=f"host/{row.uuid}")
            work.finish()
        else:
            tx.execute(sqlalchemy.update(host).where(*mine).values(silences=host.c.silences + 1))

    return changed
