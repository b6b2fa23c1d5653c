"""The list of network service providers."""

from sqlalchemy import func

from stratiform.engine.entity import above
from stratiform.engine.listing import Listing
from stratiform.engine.service_provider.table import WHOLE, service_provider
from stratiform.engine.visible import Binding

_physical = above("physical_network", "id", "uuid")
_destination = above("physical_network", "id", "uuid").alias("destination")


def _services(row: dict[str, object]) -> None:
    row["servicelist"] = str(row["servicelist"]).split(",")


LISTING = Listing(
    kind="service_provider",
    table=service_provider,
    joins=[
        (_physical, _physical.c.id == service_provider.c.physical_network_id),
        (_destination, _destination.c.id == service_provider.c.destination_physical_network_id),
    ],
    columns={
        "id": service_provider.c.uuid,
        "name": service_provider.c.provider,
        "state": service_provider.c.state,
        "physicalnetworkid": _physical.c.uuid,
        "destinationphysicalnetworkid": _destination.c.uuid,
        "servicelist": service_provider.c.services,
        "canenableindividualservice": service_provider.c.provider.not_in(WHOLE),
    },
    times=frozenset(),
    filters={
        "name": lambda value, _: func.lower(service_provider.c.provider) == str(value).lower(),
        "physicalnetworkid": lambda value, _: _physical.c.uuid == value,
        "state": lambda value, _: service_provider.c.state == str(value).capitalize(),
    },
    keyword=[func.lower(service_provider.c.provider)],
    binding=Binding(table=service_provider),
    finish=_services,
)
