"""The table of zones."""

from sqlalchemy import Column, Integer, Text

from stratiform.engine.entity import entity, flag, named, reference, unique

zone = entity(
    "zone",
    *named(),
    reference("domain", optional=True),  # whom it is reserved for
    Column("network_type", Text, nullable=False),
    Column("dns1", Text, nullable=False),
    Column("dns2", Text),
    Column("internal_dns1", Text, nullable=False),
    Column("internal_dns2", Text),
    Column("guest_cidr", Text),
    Column("network_domain", Text),
    Column("state", Text, nullable=False),  # Allocation
    flag("security_groups"),
    flag("local_storage"),
    flag("is_edge"),  # without machines of the cloud's own
    Column("sort_key", Integer, nullable=False, server_default="0"),
    Column("details", Text),  # a JSON object of texts
    unique("zone", "name_key"),
)
