"""The table of traffic types."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, reference, unique

LABELS = ("kvm", "xen", "vmware", "hyperv", "ovm3")
"""Hypervisors whose hosts have names for what carries a kind of traffic."""

traffic_type = entity(
    "traffic_type",
    reference("physical_network"),
    reference("zone"),  # its physical network's
    Column("type", Text, nullable=False),
    Column("vlan", Text),
    *(Column(f"{name}_label", Text) for name in LABELS),
    unique("traffic_type", "physical_network_id", "type"),
    unique("traffic_type", "zone_id", "type", also="type <> 'Guest'"),
)
"""A zone has guest traffic on as many physical networks as it likes, and any other on one."""
