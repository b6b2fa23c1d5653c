"""The table of clusters."""

from sqlalchemy import Column, Integer, Text

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
    Column("cpu_overcommit", Integer, nullable=False),  # percent of what the hosts have
    Column("memory_overcommit", Integer, nullable=False),  # percent
    unique("cluster", "pod_id", "name_key"),
)
