"""The table of virtual machines."""

from sqlalchemy import BigInteger, Column, Integer, Text

from stratiform.engine.entity import entity, flag, index, named, reference, unique

vm = entity(
    "vm",
    *named(),
    Column("display_name", Text, nullable=False),
    Column("instance_name", Text, nullable=False),  # i-ACCOUNT-VM-VM
    reference("account"),
    reference("account_user"),
    reference("zone"),
    reference("host", optional=True),  # set with the claim on it; kept until nothing may run there
    reference("host", optional=True, name="to_host_id"),  # where it is moving to: claimed as well, until it is decided
    reference("host", optional=True, name="last_host_id"),
    reference("service_offering"),
    reference("template"),
    reference("os_type"),
    Column("hypervisor", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("power", Text, nullable=False),
    Column("run", BigInteger, nullable=False),  # how many times it was started
    Column("cpus", Integer, nullable=False),
    Column("speed", Integer, nullable=False),  # MHz of one processor
    Column("memory", Integer, nullable=False),  # MiB
    Column("user_data", Text),
    Column("updated", BigInteger),
    flag("is_displayed", default=True),
    flag("ha_enabled"),
    flag("is_scalable"),
    unique("vm", "account_id", "name_key"),
    unique("vm", "instance_name"),
    index("vm", "account_id", "id", "removed"),  # with all that finding and counting a page takes
    index("vm", "id", "account_id", "removed"),
    index("vm", "host_id", where="host_id IS NOT NULL"),
    index("vm", "to_host_id", where="to_host_id IS NOT NULL"),
    index("vm", "zone_id", "id"),
)
