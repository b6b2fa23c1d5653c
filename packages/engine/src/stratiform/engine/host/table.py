"""The table of hosts."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, Text, literal

from stratiform.engine.entity import count, entity, index, named, reference, unique
from stratiform.framework.agents.circuit import circuits

host = entity(
    "host",
    *named(),
    reference("zone"),
    reference("pod"),
    reference("cluster"),
    Column("hypervisor", Text, nullable=False),
    Column("hypervisor_version", Text),
    Column("capabilities", Text),  # separated by commas
    Column("url", Text, nullable=False),
    Column("address", Text, nullable=False),  # as shown; the part of the url that names the machine
    Column("tags", Text),  # separated by commas
    Column("state", Text, nullable=False),  # the resource state; the connection's is the agent manager's
    Column("cpus", Integer, nullable=False, server_default="0"),
    Column("speed", Integer, nullable=False, server_default="0"),  # MHz of one processor
    count("memory"),  # MiB there are
    count("cpu_total"),  # MHz that may be claimed: cpus × speed with over-commitment
    count("cpu_used"),  # MHz claimed
    count("memory_total"),  # MiB that may be claimed: memory with over-commitment
    count("memory_used"),  # MiB claimed
    count("vms"),  # machines that claimed them
    count("silences"),  # how often its connection was lost
    count("equipped"),  # after which of these its pools were attached; it takes nothing new until that is the last
    CheckConstraint("cpu_used >= 0 AND memory_used >= 0 AND vms >= 0", name="host_used_check"),
    unique("host", "zone_id", "name_key"),
    unique("host", "zone_id", "url"),
    index("host", "cluster_id"),
)
"""Shares its id and uuid with the agent manager's `resource`, which knows whether it is connected."""

circuit = circuits("host")
"""The open circuits of hosts: the lane, and since when; none of a host that answers."""

its_circuit = circuit.c.lane == literal("host/") + host.c.uuid
"""Whether an open circuit is a host's."""

attachment = entity(
    "attachment",
    reference("host"),
    Column("pool_id", BigInteger, nullable=False),  # not a reference: it outlives the pool until the host has left it
    unique("attachment", "pool_id", "host_id"),
    index("attachment", "host_id"),
)
"""A pool that a host has attached, or may have: written before it is asked to, removed once it has left it."""
