"""The table of network service providers."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, reference, unique

WHOLE = ("SecurityGroupProvider",)
"""Providers that provide all of their services or none."""

service_provider = entity(
    "service_provider",
    reference("physical_network"),
    reference("physical_network", optional=True, name="destination_physical_network_id"),
    Column("provider", Text, nullable=False),  # its name, as offerings call it
    Column("state", Text, nullable=False),
    Column("services", Text, nullable=False),  # those that it provides here, separated by commas
    unique("service_provider", "physical_network_id", "provider"),
)
