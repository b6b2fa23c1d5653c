"""Making and removing networks, and giving them addresses."""

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.address import service as address
from stratiform.engine.address.table import ip_range
from stratiform.engine.network import rules
from stratiform.engine.network.rules import Acl
from stratiform.engine.network.states import Event, State, machine
from stratiform.engine.network.table import network, nic
from stratiform.engine.offering.service import GuestType
from stratiform.engine.offering.table import offering_service
from stratiform.engine.physical_network.service import hold
from stratiform.engine.registry import Noun, Row
from stratiform.engine.service_provider.states import State as ProviderState
from stratiform.engine.service_provider.table import service_provider
from stratiform.engine.zone.service import NetworkType, keep
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="network", table=network, event="NETWORK", within=None, names={"EDIT": "NETWORK.UPDATE"})


class NotProvided(errors.Invalid):
    """Networks of the kind {kind} are not provided yet. Choose an offering for a shared network."""

    code = "network_kind_not_provided"


class NotServed(errors.Invalid):
    """{provider} is not enabled for {service} on the physical network {physical}.

    Enable it there, or choose another offering.
    """

    code = "service_not_provided"


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
    acl_type: str = Acl.DOMAIN,
    domain: Row | None = None,
    subdomain_access: bool = True,
    network_domain: str | None = None,
    dns1: str | None = None,
    dns2: str | None = None,
) -> Row:
    """A shared network, ready for machines, with its first range of addresses.

    `vlan_id` is a VLAN's number or `untagged`; a VLAN is one network's on a physical network. The network is every
    account's in `domain`, by default the owner's, and below it unless `subdomain_access` is withheld; or its
    owner's alone if `acl_type` is Account. That of a Basic zone has no addresses yet: each pod brings its own.
    """
    if offering.guest_type != GuestType.SHARED:
        raise NotProvided(kind=offering.guest_type)
    acl, number = check.choice("acltype", acl_type, Acl), rules.vlan(vlan_id)
    if physical_network is not None:
        hold(tx, physical_network)
        _refuse_public(tx, physical_network, number)
    by_pod = zone.network_type == NetworkType.BASIC
    if by_pod:
        is_everybodys = acl is Acl.DOMAIN and subdomain_access and (domain is None or domain.level == 0)
        _refuse_second(tx, zone, is_everybodys=is_everybodys)
    plan = _plan(gateway, netmask, start_ip, vlan_id if by_pod else None, by_pod=by_pod)
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
        acl_type=acl,
        domain_id=(domain.id if domain else account.domain_id) if acl is Acl.DOMAIN else None,
        subdomain_access=subdomain_access,
        vlan=number,
        broadcast_uri=rules.broadcast_uri(number),
        network_domain=network_domain or zone.network_domain,
        dns1=str(check.ip4("dns1", dns1)) if dns1 else zone.dns1,
        dns2=str(check.ip4("dns2", dns2)) if dns2 else zone.dns2,
        by_pod=by_pod,
        **plan,
    )
    if start_ip:
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
    """One more range of addresses for the machines of a network, by default of the network's own subnet.

    Where a network's addresses are each pod's own, it is for the machines of `pod` alone.
    """
    keep(tx, NOUN, network)
    if network.by_pod is not (pod is not None):
        reason = "only in a Basic zone have pods addresses of their own, and there each has"
        raise check.BadParameter(parameter="podid", value=pod.uuid if pod else None, reason=reason)
    for parameter, value in (("gateway", gateway or network.gateway), ("netmask", netmask or network.netmask)):
        if not value:
            raise check.BadParameter(parameter=parameter, value=value, reason="the network has none of its own")
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


def create_public_range(
    tx: Transaction,
    world: World,
    *,
    zone: Row,
    physical_network: Row,
    start_ip: str,
    gateway: str,
    netmask: str,
    end_ip: str | None = None,
    vlan_id: str | None = None,
) -> Row:
    """A range of public addresses of a zone. Several may share a VLAN, but none with a network."""
    hold(tx, physical_network)
    number = rules.vlan(vlan_id)
    taken = (network.c.physical_network_id == physical_network.id, network.c.removed.is_(None))
    same = sqlalchemy.select(network.c.name).where(*taken, network.c.vlan == number)
    if number is not None and (other := tx.execute(same).first()):
        raise check.BadParameter(parameter="vlan", value=vlan_id, reason=f"it is the network {other.name}'s")
    return address.create_range(
        tx,
        world,
        zone=zone,
        segment=f"public/{zone.uuid}",
        vlan=rules.broadcast_uri(number),
        gateway=gateway,
        netmask=netmask,
        start_ip=start_ip,
        end_ip=end_ip,
        physical_network_id=physical_network.id,
    )


def examine_services(tx: Transaction, offering: Row, physical_network: Row) -> None:
    """Raise `NotServed` unless an enabled provider serves all that an offering promises on a physical network."""
    promised = (offering_service.c.network_offering_id == offering.id, offering_service.c.removed.is_(None))
    enabled = sqlalchemy.select(service_provider.c.provider, service_provider.c.services).where(
        service_provider.c.physical_network_id == physical_network.id,
        service_provider.c.state == ProviderState.ENABLED,
        service_provider.c.removed.is_(None),
    )
    there = {each.provider: each.services.split(",") for each in tx.execute(enabled)}
    for each in tx.execute(sqlalchemy.select(offering_service).where(*promised).order_by(offering_service.c.id)):
        if each.service not in there.get(each.provider, ()):
            raise NotServed(provider=each.provider, service=each.service, physical=physical_network.name)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a network without network cards, with its ranges of addresses. Raises `InUse`."""
    tx.execute(sqlalchemy.select(network.c.id).where(network.c.id == row.id).with_for_update())
    card = (nic.c.network_id == row.id, nic.c.removed.is_(None))
    if tx.execute(sqlalchemy.select(nic.c.id).where(*card).limit(1)).first():
        raise InUse(kind=NOUN.label, id=row.name, by="a nic")
    for each in address.ranges(tx, row.id):
        address.remove_range(tx, world, each)
    registry.remove(tx, world, NOUN, registry.move(tx, NOUN, row, machine, Event.DESTROY))


def _plan(
    gateway: str | None, netmask: str | None, start_ip: str | None, vlan_id: str | None, *, by_pod: bool
) -> dict[str, str | None]:
    """The columns of a network's subnet; one whose addresses are each pod's own has none, nor a VLAN."""
    given = {"gateway": gateway, "netmask": netmask, "startip": start_ip}
    if by_pod:
        given["vlan"] = rules.vlan(vlan_id)
        reason = "the network of a Basic zone is untagged and gets its addresses by createVlanIpRange"
    else:
        reason = "a shared network needs gateway, netmask and startip"
    for parameter, value in given.items():
        if bool(value) is by_pod:
            raise check.BadParameter(parameter=parameter, value=value, reason=reason)
    cidr = str(check.subnet(gateway, netmask)) if gateway and netmask else None
    return {"gateway": gateway, "netmask": netmask, "cidr": cidr}


def _refuse_second(tx: Transaction, zone: Row, *, is_everybodys: bool) -> None:
    if not is_everybodys:
        reason = "the network of a Basic zone is everybody's"
        raise check.BadParameter(parameter="domainid", value=None, reason=reason)
    there = (network.c.zone_id == zone.id, network.c.by_pod, network.c.removed.is_(None))
    if tx.execute(sqlalchemy.select(network.c.id).where(*there)).first():
        raise check.BadParameter(parameter="zoneid", value=zone.uuid, reason="a Basic zone has one network")


def _refuse_public(tx: Transaction, physical_network: Row, number: str | None) -> None:
    there = (ip_range.c.physical_network_id == physical_network.id, ip_range.c.removed.is_(None))
    same = (ip_range.c.is_public, ip_range.c.vlan == rules.broadcast_uri(number))
    if number is not None and tx.execute(sqlalchemy.select(ip_range.c.id).where(*there, *same)).first():
        raise check.BadParameter(parameter="vlan", value=number, reason="it has public addresses")
