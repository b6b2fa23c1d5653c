"""The list of traffic types."""

from sqlalchemy import func

from stratiform.engine.entity import above
from stratiform.engine.listing import Listing
from stratiform.engine.traffic_type.table import LABELS, traffic_type
from stratiform.engine.visible import Binding

_physical = above("physical_network", "id", "uuid", "isolation")

LISTING = Listing(
    kind="traffic_type",
    table=traffic_type,
    joins=[(_physical, _physical.c.id == traffic_type.c.physical_network_id)],
    columns={
        "id": traffic_type.c.uuid,
        "traffictype": traffic_type.c.type,
        "physicalnetworkid": _physical.c.uuid,
        "isolationmethods": _physical.c.isolation,
        "vlan": traffic_type.c.vlan,
        **{f"{name}networklabel": traffic_type.c[f"{name}_label"] for name in LABELS},
    },
    times=frozenset(),
    filters={"physicalnetworkid": lambda value, _: _physical.c.uuid == value},
    keyword=[func.lower(traffic_type.c.type)],
    binding=Binding(table=traffic_type),
)
