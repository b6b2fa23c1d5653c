"""Adding hosts: the row, and the resource through which the agents reach it."""

import sqlalchemy

from stratiform.api.spec import HostSpec
from stratiform.engine import registry
from stratiform.engine.host.states import State
from stratiform.engine.host.table import host
from stratiform.engine.registry import Noun, Row
from stratiform.engine.tools import Tools
from stratiform.framework.agents.states import State as Connection
from stratiform.framework.agents.table import resource
from stratiform.framework.base.world import World
from stratiform.framework.config.option import Option
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="host", table=host, event="HOST", within=("zone_id",))

OVERCOMMIT_CPU = Option(
    "cpu.overprovisioning.factor",
    1.0,
    "How many times a host's MHz may be claimed.",
    scopes=("cluster", "zone", "global"),
)
OVERCOMMIT_MEMORY = Option(
    "mem.overprovisioning.factor",
    1.0,
    "How many times a host's memory may be claimed.",
    scopes=("cluster", "zone", "global"),
)


def create(
    tx: Transaction, world: World, tools: Tools, *, zone: Row, pod: Row, cluster: Row, name: str, url: str
) -> Row:
    """A host that is not connected yet; the job `host.connect` lets it in. Never contacts it."""
    row = registry.create(
        tx,
        world,
        NOUN,
        name=name,
        zone_id=zone.id,
        pod_id=pod.id,
        cluster_id=cluster.id,
        hypervisor=cluster.hypervisor,
        url=url,
        address=url.partition("://")[2] or url,
        state=State.CREATING,
    )
    spec = HostSpec(
        uuid=row.uuid,
        name=name,
        url=url,
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
            location=url,
            state=Connection.CONNECTING,
            generation=0,
            since=world.clock.now(),
        )
    )
    return row
