"""What becomes of the machines on a host that is to be emptied; opening it again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy

from stratiform.api.access import Access
from stratiform.api.principal import Principal
from stratiform.engine import lookup, registry
from stratiform.engine.catalogue import LISTINGS
from stratiform.engine.host.service import NOUN
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.host.table import host
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.engine.vm.jobs.place import advise
from stratiform.engine.vm.jobs.read import Machine, machines
from stratiform.engine.vm.states import State as VmState
from stratiform.engine.vm.table import vm
from stratiform.framework.base import errors
from stratiform.framework.db.database import Database, Transaction

CANCELLABLE = (State.PREPARE_FOR_MAINTENANCE, State.ERROR_IN_PREPARE, State.MAINTENANCE)
MOVING = (VmState.RUNNING, VmState.STARTING)
"""States of machines that need another host, now or once they run."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What becomes of one machine."""

    machine: Machine
    destination: Row | None
    """The host that it would move to now."""
    reason: str | None
    """Why there is none."""


def residents(tx: Transaction, host_id: int) -> Mapping[int, str]:
    """UUIDs by id of the machines on a host or on their way to it; first those that can be moved at once."""
    here = sqlalchemy.or_(vm.c.host_id == host_id, vm.c.to_host_id == host_id)
    later = sqlalchemy.case((vm.c.state == VmState.RUNNING, 0), else_=1)
    found = sqlalchemy.select(vm.c.id, vm.c.uuid).where(here, vm.c.removed.is_(None)).order_by(later, vm.c.id)
    return {row.id: row.uuid for row in tx.execute(found)}


def plan(tx: Transaction, tools: Tools, host_id: int) -> Sequence[Planned]:
    """What would become of each machine on a host if it were emptied now; nothing is claimed and nothing written."""
    there = machines(tx, residents(tx, host_id))
    moving = {id: each for id, each in there.items() if each.row.state in MOVING}
    advised = advise(tx, tools, moving)
    on_their_way = {each.row.to_host_id for each in there.values()} - {None, host_id}
    found = tx.execute(sqlalchemy.select(host).where(host.c.id.in_(on_their_way))).all() if on_their_way else ()
    others = {row.id: row for row in found}
    return [_planned(each, host_id, advised.get(id), others) for id, each in there.items()]


def _planned(machine: Machine, host_id: int, advice: Row | errors.Error | None, others: Mapping[int, Row]) -> Planned:
    row, destination, reason = machine.row, None, None
    if isinstance(advice, errors.Error):
        reason = str(advice)
    elif advice is not None:
        destination = advice
    elif row.to_host_id == host_id:
        reason = "It is moving here. It is moved on when it has arrived."
    elif row.to_host_id in others:
        destination = others[row.to_host_id]
    elif row.state == VmState.STOPPING:
        reason = "It is being stopped."
    else:
        reason = f"It is {row.state}: nobody knows whether it runs. Stop it first."
    return Planned(machine=machine, destination=destination, reason=reason)


def begin(tx: Transaction, row: Row) -> Row:
    """From now on a host takes nothing new. Raises `WrongState`."""
    return _move(tx, row, Event.MAINTAIN, "PREPARE")


def cancel(tx: Transaction, row: Row) -> Row:
    """Open a host again that is being emptied or is empty. Raises `Conflict`."""
    if row.state not in CANCELLABLE:
        raise errors.Conflict(kind="host", id=row.uuid, state=row.state, action="cancelling its maintenance")
    return _move(tx, row, Event.CANCEL, "CANCEL")


def _move(tx: Transaction, row: Row, event: Event, verb: str) -> Row:
    machine.transition_one(tx, host, (row.id, row.state, row.generation), event)
    after = tx.execute(sqlalchemy.select(host).where(host.c.id == row.id)).one()
    registry.publish(tx, NOUN, after, verb, state=after.state)
    return after


class Plans:
    """The plans of hosts as the wire tells them."""

    def __init__(self, database: Database, gate: Access, tools: Tools) -> None:
        self._database = database
        self._gate = gate
        self._tools = tools

    def rows(self, who: Principal, action: str, uuid: str) -> Sequence[Mapping[str, object]]:
        """What would become of each machine on a host. Raises `NotFound` and `Denied`."""
        with self._database.reading() as connection:
            home = lookup.find(connection, LISTINGS["host"], uuid, who, action, self._gate)
            found = plan(Transaction(self._database, connection), self._tools, home.id)
            return [dict(_fields(home, each)) for each in found]


def _fields(home: Row, planned: Planned) -> Iterator[tuple[str, object]]:
    row, to = planned.machine.row, planned.destination
    yield from (("virtualmachineid", row.uuid), ("virtualmachinename", row.name), ("virtualmachinestate", row.state))
    yield from (("sourcehostid", home.uuid), ("sourcehostname", home.name))
    if to is not None:
        yield from (("destinationhostid", to.uuid), ("destinationhostname", to.name))
    if planned.reason is not None:
        yield "reason", planned.reason
