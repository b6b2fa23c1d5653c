"""The tables of service, disk and network offerings.

Names of service and disk offerings may repeat, as CloudStack allows and its test suite does.
"""

from sqlalchemy import BigInteger, Column, Integer, Text

from stratiform.engine.entity import count, entity, flag, index, named, reference, unique

disk_offering = entity(
    "disk_offering",
    *named(),
    Column("display_text", Text, nullable=False),
    Column("state", Text, nullable=False),
    count("size"),  # bytes; 0 if it is chosen by the tenant or follows from a template
    Column("storage_type", Text, nullable=False),
    Column("provisioning", Text, nullable=False),
    Column("tags", Text),
    flag("is_customized"),
    flag("is_displayed", default=True),
    flag("is_compute_only"),  # belongs to a service offering, which it is the root disk of
    index("disk_offering", "name_key"),
)

service_offering = entity(
    "service_offering",
    *named(),
    Column("display_text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cpus", Integer),  # these three are None if the tenant chooses
    Column("speed", Integer),  # MHz of one processor
    Column("memory", Integer),  # MiB
    reference("disk_offering"),
    reference("domain", optional=True),  # whom it is for, and those below; None is everybody
    Column("storage_type", Text, nullable=False),
    Column("provisioning", Text, nullable=False),
    Column("root_disk_size", BigInteger),  # bytes; None follows the template
    Column("host_tags", Text),
    Column("storage_tags", Text),
    Column("network_rate", Integer),  # Mb/s
    flag("is_customized"),
    flag("is_system"),
    flag("is_volatile"),
    flag("offer_ha"),
    flag("limit_cpu"),
    flag("dynamic_scaling", default=True),
    index("service_offering", "name_key"),
)

network_offering = entity(
    "network_offering",
    *named(),
    Column("display_text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("traffic_type", Text, nullable=False),
    Column("guest_type", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("network_rate", Integer),  # Mb/s
    Column("tags", Text),
    flag("is_default"),
    flag("for_vpc"),
    flag("specify_vlan"),
    flag("specify_ip_ranges"),
    flag("conserve_mode", default=True),
    flag("is_persistent"),
    flag("egress_allowed", default=True),
    unique("network_offering", "name_key"),
)

offering_service = entity(
    "offering_service",
    reference("network_offering"),
    Column("service", Text, nullable=False),
    Column("provider", Text, nullable=False),
    unique("offering_service", "network_offering_id", "service", "provider"),
)
