"""The table of clusters."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, named, reference, unique

cluster = entity(
    "cluster",
    *named(),
    reference("zone"),
    reference("pod"),
    Column("hypervisor", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("arch", Text, nullable=False),
    Column("state", Text, nullable=False),  # Allocation
    Column("managed", Text, nullable=False),
    unique("cluster", "pod_id", "name_key"),
)
