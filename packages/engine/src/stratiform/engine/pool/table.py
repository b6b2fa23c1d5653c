"""The table of primary storage pools."""

from sqlalchemy import CheckConstraint, Column, Text

from stratiform.engine.entity import count, entity, index, named, reference, unique

pool = entity(
    "pool",
    *named(),
    reference("zone"),
    reference("pod", optional=True),
    reference("cluster", optional=True),
    Column("url", Text, nullable=False),
    Column("type", Text, nullable=False),  # a storage pool type as on the wire
    Column("address", Text, nullable=False),  # the server's, of a network file system
    Column("path", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("scope", Text, nullable=False),  # CLUSTER or ZONE
    Column("hypervisor", Text),
    Column("tags", Text),
    Column("state", Text, nullable=False),
    count("capacity"),  # bytes there are
    count("total"),  # bytes that may be claimed: capacity with over-commitment
    count("used"),  # bytes claimed
    count("used_there"),  # bytes that the pool says are used
    CheckConstraint("used >= 0", name="pool_used_check"),
    unique("pool", "zone_id", "name_key"),
    unique("pool", "zone_id", "url"),
    index("pool", "cluster_id"),
)
