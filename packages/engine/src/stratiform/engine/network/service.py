"""Making and removing networks."""

from stratiform.engine import check, registry
from stratiform.engine.address import service as address
from stratiform.engine.network.rules import broadcast_uri, vlan
from stratiform.engine.network.states import Event, State, machine
from stratiform.engine.network.table import network
from stratiform.engine.offering.service import GuestType
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="network", table=network, event="NETWORK", within=None)


class NotProvided(errors.Invalid):
    """Networks of the kind {kind} are not provided yet. Choose an offering for a shared network."""

    code = "network_kind_not_provided"


def create(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    offering: Row,
    account: Row,
    name: str,
    display_text: str | None = None,
    gateway: str | None = None,
    netmask: str | None = None,
    start_ip: str | None = None,
    end_ip: str | None = None,
    vlan_id: str | None = None,
    physical_network: Row | None = None,
    acl_type: str = "Domain",
    network_domain: str | None = None,
) -> Row:
    """A shared network with its first range of addresses, ready for machines.

    `vlan_id` is a VLAN's number or `untagged`; a VLAN is one network's on a physical network. The network is
    every account's below the owner's domain, unless `acl_type` is Account.
    """
    if offering.guest_type != GuestType.SHARED:
        raise NotProvided(kind=offering.guest_type)
    if not (gateway and netmask and start_ip):
        given = {"gateway": gateway, "netmask": netmask, "startip": start_ip}
        absent = next(parameter for parameter, value in given.items() if not value)
        reason = "a shared network needs gateway, netmask and startip"
        raise check.BadParameter(parameter=absent, value=given[absent], reason=reason)
    number = vlan(vlan_id)
    row = registry.create(
        tx,
        world,
        NOUN,
        name=name,
        display_text=display_text or name,
        account_id=account.id,
        zone_id=zone.id,
        physical_network_id=physical_network.id if physical_network else None,
        network_offering_id=offering.id,
        state=State.SETUP,
        traffic_type="Guest",
        guest_type=offering.guest_type,
        acl_type=acl_type,
        gateway=gateway,
        netmask=netmask,
        cidr=str(check.subnet(gateway, netmask)),
        vlan=number,
        broadcast_uri=broadcast_uri(number),
        network_domain=network_domain or zone.network_domain,
        dns1=zone.dns1,
        dns2=zone.dns2,
    )
    create_range(tx, world, network=row, zone=zone, start_ip=start_ip, end_ip=end_ip)
    return row


def create_range(
    tx: Transaction,
    world: World,
    *,
    network: Row,
    zone: Row,
    start_ip: str,
    end_ip: str | None = None,
    gateway: str | None = None,
    netmask: str | None = None,
    pod: Row | None = None,
) -> Row:
    """One more range of addresses for the machines of a network, by default of the network's own subnet."""
    return address.create_range(
        tx,
        world,
        zone=zone,
        network=network,
        segment=f"network/{network.uuid}",
        vlan=network.broadcast_uri,
        gateway=gateway or network.gateway,
        netmask=netmask or network.netmask,
        start_ip=start_ip,
        end_ip=end_ip,
        physical_network_id=network.physical_network_id,
        pod=pod,
    )


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a network without network cards, with its ranges of addresses."""
    for each in address.ranges(tx, row.id):
        address.remove_range(tx, world, each)
    registry.remove(tx, world, NOUN, registry.move(tx, NOUN, row, machine, Event.DESTROY))
