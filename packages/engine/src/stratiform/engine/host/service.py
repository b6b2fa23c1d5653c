"""Adding, changing and removing hosts: the row, and the resource through which the agents reach it."""

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.api.spec import HostSpec
from stratiform.engine import registry
from stratiform.engine.cluster.service import NOUN as CLUSTER
from stratiform.engine.entity import above
from stratiform.engine.host import rules
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.host.table import attachment, host
from stratiform.engine.registry import Noun, Row
from stratiform.engine.tools import Tools
from stratiform.engine.zone.service import clear, keep
from stratiform.framework.agents.states import Event as Observed
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.states import machine as connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.config.option import Option, between
from stratiform.framework.db.database import Transaction
from stratiform.framework.events import outbox
from stratiform.framework.jobs.state import State as JobState
from stratiform.framework.jobs.table import job, lane

NOUN = Noun(
    kind="host",
    table=host,
    event="HOST",
    within=("zone_id",),
    parts=(attachment.c.host_id,),
    names={"PREPARE": "MAINT.PREPARE", "CANCEL": "MAINT.CANCEL"},
)

OVERCOMMIT_CPU = Option(
    "cpu.overprovisioning.factor",
    1.0,
    "How many times a host's MHz may be claimed, from when it connects next.",
    scopes=("cluster", "zone", "global"),
    check=between(0.1, 100.0),
)
OVERCOMMIT_MEMORY = Option(
    "mem.overprovisioning.factor",
    1.0,
    "How many times a host's memory may be claimed, from when it connects next.",
    scopes=("cluster", "zone", "global"),
    check=between(0.1, 100.0),
)

REMOVABLE = (State.MAINTENANCE, State.DISABLED, State.ERROR)
"""States of hosts that are removed without being forced."""

LANES = ("host", "host-control", "host-move")
"""Kinds of lanes that are named after a host."""

HOUSEKEEPING = ("host.equip", "host.detach")
"""Kinds of jobs that nobody waits for."""

_vm = above("vm", "host_id", "to_host_id", "removed")


def create(
    tx: Transaction,
    world: World,
    tools: Tools,
    *,
    zone: Row,
    pod: Row,
    cluster: Row,
    url: str,
    name: str | None = None,
    tags: tuple[str, ...] = (),
) -> Row:
    """A host that is not connected yet; the job `host.connect` lets it in. Never contacts it.

    It is called as its url tells, unless named. Raises `BadParameter`, and `Taken` if its zone has it already.
    """
    where = rules.url(url)
    keep(tx, CLUSTER, cluster)
    row = registry.create(
        tx,
        world,
        NOUN,
        name=name or where.name,
        zone_id=zone.id,
        pod_id=pod.id,
        cluster_id=cluster.id,
        hypervisor=cluster.hypervisor,
        url=where.text,
        address=where.address,
        tags=rules.join(tags),
        state=State.CREATING,
    )
    spec = HostSpec(
        uuid=row.uuid,
        name=row.name,
        url=row.url,
        hypervisor=cluster.hypervisor,
        zone=zone.uuid,
        pod=pod.uuid,
        cluster=cluster.uuid,
    )
    route = tools.hypervisor(cluster.hypervisor).route(spec, tools.data)
    tx.execute(
        sqlalchemy.insert(resource).values(
            id=row.id,
            uuid=row.uuid,
            kind="host",
            transport=route.transport,
            address=route.address,
            location=row.url,
            state=Connection.CONNECTING,
            generation=0,
            since=world.clock.now(),
        )
    )
    return row


def answered(tx: Transaction, world: World, row: Row) -> None:
    """Note that a new host answers, before the monitor sees it for itself."""
    there = _resource(tx, row)
    if there.state == Connection.CONNECTING:
        now = world.clock.now()
        member = (there.id, there.state, there.generation)
        connection.transition_one(tx, resource, member, Observed.ANSWERED, since=now, last_seen=now)
        up = outbox.Event(kind="HOST.UP", resource_kind="host", resource=row.uuid, generation=there.generation + 1)
        outbox.publish(tx, [up])


def open_for(tx: Transaction, row: Row, event: Event) -> Row:
    """Open or close a host for new machines; does nothing if it is so already. Raises `WrongState`."""
    wanted = {Event.ENABLE: State.ENABLED, Event.DISABLE: State.DISABLED, Event.DEACTIVATE: State.INACTIVE}
    return row if row.state == wanted[event] else registry.move(tx, NOUN, row, machine, event)


def machines(tx: Transaction, row: Row) -> int:
    """How many machines are on a host, or on their way to it or from it."""
    here = sqlalchemy.or_(_vm.c.host_id == row.id, _vm.c.to_host_id == row.id)
    counted = sqlalchemy.select(sqlalchemy.func.count()).select_from(_vm).where(here, _vm.c.removed.is_(None))
    return tx.connection.execute(counted).scalar_one()


def remove(tx: Transaction, world: World, row: Row, *, forced: bool = False) -> None:
    """Remove a host on which no machine is; unless `forced`, one that takes none and for which no job is under way.

    What is left there stays there, commands that wait for it fail, and its url is free again. Raises `Conflict` or
    `InUse`.
    """
    if not forced and row.state not in REMOVABLE:
        action = "removing it; prepare it for maintenance, disable it or force it"
        raise errors.Conflict(kind="host", id=row.uuid, state=row.state, action=action)
    tx.execute(sqlalchemy.select(host.c.id).where(host.c.id == row.id).with_for_update())  # who claims it now, waits
    if number := machines(tx, row):
        by = f"{number} virtual machine{'s'[: number != 1]}; move or stop {'them' if number != 1 else 'it'} first"
        raise InUse(kind="host", id=row.name, by=by)
    if not forced and (uuid := _job(tx, row)) is not None:
        raise InUse(kind="host", id=row.name, by=f"the job {uuid}; let it end first, or force it")
    clear(tx, world, NOUN, row)
    there = _resource(tx, row)
    connection.transition_one(tx, resource, (there.id, there.state, there.generation), Observed.REMOVE)
    mine = lane.c.key.in_([f"{kind}/{row.uuid}" for kind in LANES])
    tx.execute(sqlalchemy.delete(lane).where(mine, lane.c.busy == 0, lane.c.queued == 0))


def _job(tx: Transaction, row: Row) -> str | None:
    """A job about a host that lives, but for those that see by themselves that it is gone."""
    mine = (job.c.resource == f"host/{row.uuid}", job.c.kind.not_in(HOUSEKEEPING), job.c.state != JobState.ENDED)
    found = sqlalchemy.select(job.c.uuid).where(*mine).order_by(job.c.id).limit(1)
    return tx.connection.execute(found).scalar_one_or_none()


def _resource(tx: Transaction, row: Row) -> Row:
    return tx.execute(sqlalchemy.select(resource).where(resource.c.id == row.id)).one()
