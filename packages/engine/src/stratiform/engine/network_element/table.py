"""The table of network elements."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, flag, reference, unique

network_element = entity(
    "network_element",
    reference("service_provider"),
    Column("type", Text, nullable=False),  # the provider that it stands behind
    flag("is_enabled"),
    unique("network_element", "service_provider_id"),
)
