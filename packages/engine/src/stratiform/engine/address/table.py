"""The tables of address ranges and of every address in them."""

from sqlalchemy import BigInteger, Column, Text

from stratiform.engine.entity import count, entity, flag, index, reference, unique

ip_range = entity(
    "ip_range",
    reference("zone"),
    reference("physical_network", optional=True),
    reference("network", optional=True),  # whose machines take addresses from it; None is public
    reference("pod", optional=True),  # whose machines alone take addresses from it
    Column("segment", Text, nullable=False),  # inside which an address is unique
    Column("vlan", Text, nullable=False),  # for example vlan://100 or vlan://untagged
    Column("gateway", Text, nullable=False),
    Column("netmask", Text, nullable=False),
    Column("cidr", Text, nullable=False),
    Column("start_ip", Text, nullable=False),
    Column("end_ip", Text, nullable=False),
    Column("start_number", BigInteger, nullable=False),  # the address as a number
    Column("end_number", BigInteger, nullable=False),
    flag("is_public"),
    index("ip_range", "segment"),
    index("ip_range", "network_id"),
)

address = entity(
    "address",
    reference("ip_range"),
    reference("zone"),
    reference("network", optional=True),
    reference("account", optional=True),
    count("pod"),  # the id of its range's, 0 for none
    Column("segment", Text, nullable=False),
    Column("ip4", Text, nullable=False),
    Column("number", BigInteger, nullable=False),  # for order and range
    Column("state", Text, nullable=False),
    Column("nic_id", BigInteger),  # assigned before the card is written, so it is no foreign key
    Column("allocated", BigInteger),
    flag("is_public"),
    flag("is_source_nat"),
    unique("address", "segment", "number"),
    unique("address", "nic_id"),
    index("address", "network_id", "pod", "number", where="state = 'Free' AND removed IS NULL"),
)
"""A row for each address from the start: claiming one is an update, and two cannot claim the same."""
