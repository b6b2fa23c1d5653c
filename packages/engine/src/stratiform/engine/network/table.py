"""The tables of networks and of the network cards on them."""

from sqlalchemy import Column, Integer, Text

from stratiform.engine.entity import entity, flag, index, named, reference, unique

network = entity(
    "network",
    *named(),
    Column("display_text", Text),
    reference("account"),
    reference("zone"),
    reference("physical_network", optional=True),
    reference("network_offering"),
    Column("state", Text, nullable=False),
    Column("traffic_type", Text, nullable=False),
    Column("guest_type", Text, nullable=False),
    Column("acl_type", Text, nullable=False),  # Account: its owner's, or Domain
    reference("domain", optional=True),  # whose accounts may use it, if it is a domain's
    flag("subdomain_access", default=True),  # and those of the domains below
    Column("gateway", Text),
    Column("netmask", Text),
    Column("cidr", Text),
    Column("vlan", Text),  # None is untagged
    Column("broadcast_uri", Text),  # for example vlan://100 or vlan://untagged
    Column("network_domain", Text),
    Column("dns1", Text),
    Column("dns2", Text),
    flag("is_default"),
    flag("by_pod"),  # whether each pod has addresses of its own on it
    unique("network", "physical_network_id", "vlan", also="vlan IS NOT NULL"),
    unique("network", "zone_id", also="by_pod"),
    index("network", "account_id", "id"),
)
"""Names may repeat, as clients expect; a VLAN is one network's, and a zone has one network by pod."""

nic = entity(
    "nic",
    reference("vm"),
    reference("network"),
    reference("address", optional=True),
    Column("device", Integer, nullable=False),
    Column("mac", Text, nullable=False),
    Column("ip4", Text),
    Column("gateway", Text),  # these two are its address's
    Column("netmask", Text),
    flag("is_default"),
    unique("nic", "vm_id", "device"),
    unique("nic", "mac"),
    unique("nic", "network_id", "ip4"),
    unique("nic", "address_id"),
)
