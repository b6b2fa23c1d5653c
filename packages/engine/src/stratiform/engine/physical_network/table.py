"""The table of physical networks."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, named, reference, unique

physical_network = entity(
    "physical_network",
    *named(),
    reference("zone"),
    reference("domain", optional=True),  # whom it belongs to, as its maker says
    Column("state", Text, nullable=False),
    Column("vlan", Text),  # the ranges of VLANs for networks that do not choose one, for example 100-199,300
    Column("isolation", Text, nullable=False),
    Column("broadcast_range", Text, nullable=False),
    Column("speed", Text),
    Column("tags", Text),
    unique("physical_network", "zone_id", "name_key"),
)
