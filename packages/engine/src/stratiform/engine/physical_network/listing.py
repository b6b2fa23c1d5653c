"""The list of physical networks."""

from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

LISTING = Listing(
    kind="physical_network",
    table=physical_network,
    joins=[
        (zone, zone.c.id == physical_network.c.zone_id),
        (domain, domain.c.id == physical_network.c.domain_id),
    ],
    columns={
        "id": physical_network.c.uuid,
        "name": physical_network.c.name,
        "broadcastdomainrange": physical_network.c.broadcast_range,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "domainid": domain.c.uuid,
        "state": physical_network.c.state,
        "vlan": physical_network.c.vlan,
        "tags": physical_network.c.tags,
        "isolationmethods": physical_network.c.isolation,
        "networkspeed": physical_network.c.speed,
    },
    times=frozenset(),
    filters={"name": named(physical_network), "zoneid": refers(physical_network.c.zone_id, zone)},
    keyword=[physical_network.c.name_key],
    binding=Binding(table=physical_network),
)
