"""The commands on physical networks, and those that put something on one or take it away."""

import sqlalchemy

from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Record
from stratiform.engine.physical_network import service
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.registry import Row
from stratiform.engine.service_provider import service as provider
from stratiform.engine.traffic_type import service as traffic_type
from stratiform.engine.traffic_type.table import LABELS


def create(call: Call) -> Row:
    """Make a physical network, disabled."""
    return service.create(
        call.tx,
        call.world,
        zone=call.find("zone", "zoneid"),
        name=call.text("name"),
        vlan=call.text_if_given("vlan"),
        isolation=call.texts("isolationmethods"),
        broadcast_range=call.text_if_given("broadcastdomainrange"),
        speed=call.text_if_given("networkspeed"),
        tags=call.texts("tags"),
        domain=call.find_if_given("domain", "domainid"),
    )


def update(call: Call) -> Row:
    """Change a physical network."""
    return service.update(
        call.tx,
        call.world,
        call.find("physical_network", "id"),
        state=call.text_if_given("state") or None,
        vlan=call.text_if_given("vlan"),
        speed=call.text_if_given("networkspeed"),
        tags=call.texts("tags"),
    )


def delete(call: Call) -> None:
    """Remove a physical network on which nothing stands."""
    service.remove(call.tx, call.world, call.find("physical_network", "id"))


def add_traffic(call: Call) -> Row:
    """Let a physical network carry a kind of traffic."""
    labels = {name: call.text_if_given(f"{name}networklabel") for name in LABELS}
    return traffic_type.add(
        call.tx,
        call.world,
        physical_network=_held(call),
        traffic=call.text("traffictype"),
        labels={name: label for name, label in labels.items() if label},
        vlan=call.text_if_given("vlan"),
    )


def delete_traffic(call: Call) -> None:
    """Take a kind of traffic from a physical network."""
    row = call.find("traffic_type", "id")
    _hold_home(call, row)
    traffic_type.remove(call.tx, call.world, row)


def add_provider(call: Call) -> Row:
    """Give a physical network a provider that it has not."""
    return provider.add(
        call.tx,
        call.world,
        physical_network=_held(call),
        name=call.text("name"),
        services=call.texts("servicelist"),
        destination=call.find_if_given("physical_network", "destinationphysicalnetworkid"),
    )


def delete_provider(call: Call) -> None:
    """Take a provider from a physical network."""
    row = call.find("service_provider", "id")
    _hold_home(call, row)
    provider.remove(call.tx, call.world, row)


def _held(call: Call) -> Row:
    row = call.find("physical_network", "physicalnetworkid")
    service.hold(call.tx, row)
    return row


def _hold_home(call: Call, row: Row) -> None:
    """Let nobody make a network on the physical network of a row meanwhile."""
    home = sqlalchemy.select(physical_network).where(physical_network.c.id == row.physical_network_id)
    service.hold(call.tx, call.tx.execute(home).one())


COMMANDS: Commands = {
    "createPhysicalNetwork": Record("physical_network", create),
    "updatePhysicalNetwork": Record("physical_network", update),
    "deletePhysicalNetwork": Record("physical_network", delete),
    "addTrafficType": Record("traffic_type", add_traffic),
    "deleteTrafficType": Record("traffic_type", delete_traffic),
    "addNetworkServiceProvider": Record("service_provider", add_provider),
    "deleteNetworkServiceProvider": Record("service_provider", delete_provider),
}
