"""The table of volumes."""

from sqlalchemy import BigInteger, Column, Integer, Text

from stratiform.engine.entity import entity, index, named, reference, unique

volume = entity(
    "volume",
    *named(),
    reference("account"),
    reference("zone"),
    reference("vm", optional=True),
    reference("pool", optional=True),  # set with the claim on it
    reference("disk_offering"),
    reference("template", optional=True),
    Column("type", Text, nullable=False),  # ROOT or DATADISK
    Column("device", Integer),
    Column("size", BigInteger, nullable=False),  # bytes
    Column("state", Text, nullable=False),
    Column("path", Text),  # where it is in its pool
    Column("attached", BigInteger),
    unique("volume", "vm_id", "device", also="vm_id IS NOT NULL"),
    index("volume", "account_id", "id", "removed"),  # with all that finding and counting a page takes
    index("volume", "id", "account_id", "removed"),
    index("volume", "vm_id"),
    index("volume", "pool_id"),
)
"""Names may repeat, as clients expect."""
