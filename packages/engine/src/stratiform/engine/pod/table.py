"""The table of pods."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, named, reference, unique

pod = entity(
    "pod",
    *named(),
    reference("zone"),
    Column("gateway", Text),
    Column("netmask", Text),
    Column("start_ip", Text),
    Column("end_ip", Text),
    Column("state", Text, nullable=False),  # Allocation
    unique("pod", "zone_id", "name_key"),
)
