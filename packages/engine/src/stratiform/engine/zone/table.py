"""The table of zones."""

from sqlalchemy import Column, Text

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
    unique("zone", "name_key"),
)
