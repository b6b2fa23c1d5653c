"""The table of physical networks."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, named, reference, unique

physical_network = entity(
    "physical_network",
    *named(),
    reference("zone"),
    Column("state", Text, nullable=False),
    Column("vlan", Text),  # the range of VLANs that may be used, for example 100-199
    Column("isolation", Text, nullable=False),  # methods, separated by commas
    Column("broadcast_range", Text, nullable=False),
    Column("speed", Text),
    Column("tags", Text),
    unique("physical_network", "zone_id", "name_key"),
)
