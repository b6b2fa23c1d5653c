"""The list of network elements."""

from sqlalchemy import func

from stratiform.engine.entity import above
from stratiform.engine.listing import Listing
from stratiform.engine.network_element.table import network_element
from stratiform.engine.visible import Binding

_provider = above("service_provider", "id", "uuid")

LISTING = Listing(
    kind="network_element",
    table=network_element,
    joins=[(_provider, _provider.c.id == network_element.c.service_provider_id)],
    columns={"id": network_element.c.uuid, "nspid": _provider.c.uuid, "enabled": network_element.c.is_enabled},
    times=frozenset(),
    filters={
        "nspid": lambda value, _: _provider.c.uuid == value,
        "enabled": network_element.c.is_enabled,
        "types": lambda value, _: network_element.c.type.in_(value),  # type: ignore[arg-type]
    },
    keyword=[func.lower(network_element.c.type)],
    binding=Binding(table=network_element),
)
