"""The commands on networks, and the one that gives a network or the public more addresses."""

import sqlalchemy

from stratiform.api.principal import Role
from stratiform.engine import check
from stratiform.engine.account.commands import owner
from stratiform.engine.account.service import hold_own as hold_account
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands, Record
from stratiform.engine.domain.commands import home
from stratiform.engine.domain.service import hold as hold_domain
from stratiform.engine.network import rules, service
from stratiform.engine.network.rules import Acl
from stratiform.engine.network.table import network
from stratiform.engine.offering.service import GuestType
from stratiform.engine.offering.states import NetworkState
from stratiform.engine.physical_network.service import carrying
from stratiform.engine.physical_network.states import State
from stratiform.engine.pod.service import NOUN as POD
from stratiform.engine.registry import Row
from stratiform.engine.traffic_type.rules import Traffic
from stratiform.engine.zone.service import NetworkType, keep
from stratiform.engine.zone.table import zone as zones
from stratiform.framework.base import errors


def create(call: Call) -> Row:
    """Make a shared network; only the root administrator may."""
    zone, offering = call.find("zone", "zoneid"), call.find("network_offering", "networkofferingid")
    if offering.guest_type != GuestType.SHARED:
        raise service.NotProvided(kind=offering.guest_type)
    if call.who.role is not Role.ADMIN:
        raise errors.Denied(who=call.who.user, action="make a shared network")
    if offering.state != NetworkState.ENABLED:
        action = "making a network of it"
        raise errors.Conflict(kind="network offering", id=offering.uuid, state=offering.state, action=action)
    acl = check.choice("acltype", call.text_if_given("acltype") or Acl.DOMAIN, Acl)
    if acl is Acl.ACCOUNT and call.given("subdomainaccess"):
        reason = "only a network with acltype=Domain is for domains"
        raise check.BadParameter(parameter="subdomainaccess", value=call.flag("subdomainaccess"), reason=reason)
    return service.create(
        call.tx,
        call.world,
        zone=zone,
        offering=offering,
        account=_owner(call, acl),
        domain=_domain(call) if acl is Acl.DOMAIN else None,
        acl_type=acl,
        subdomain_access=call.flag("subdomainaccess", True),
        physical_network=_physical(call, zone, offering),
        vlan_id=_vlan(call, zone, offering),
        name=call.text("name"),
        display_text=call.text_if_given("displaytext"),
        gateway=call.text_if_given("gateway"),
        netmask=call.text_if_given("netmask"),
        start_ip=call.text_if_given("startip"),
        end_ip=call.text_if_given("endip"),
        network_domain=call.text_if_given("networkdomain"),
        dns1=call.text_if_given("dns1"),
        dns2=call.text_if_given("dns2"),
    )


def delete(call: Call) -> None:
    """Remove a network on which no machine is."""
    service.remove(call.tx, call.world, call.find("network", "id"))


def create_range(call: Call) -> Row:
    """Add addresses: public ones, or a network's."""
    is_public = call.flag("forvirtualnetwork", not call.given("networkid"))
    return _create_public(call) if is_public else _extend(call)


def _create_public(call: Call) -> Row:
    zone = _needed(call, "zone", "zoneid")
    for parameter in ("networkid", "podid"):
        if call.given(parameter):
            reason = "public addresses are a zone's; give forvirtualnetwork=false for those of a network"
            raise check.BadParameter(parameter=parameter, value=call.text(parameter), reason=reason)
    chosen = call.find_if_given("physical_network", "physicalnetworkid")
    return service.create_public_range(
        call.tx,
        call.world,
        zone=zone,
        physical_network=carrying(call.tx, zone, Traffic.PUBLIC, chosen=chosen),
        vlan_id=call.text_if_given("vlan"),
        gateway=_required(call, "gateway"),
        netmask=_required(call, "netmask"),
        start_ip=_required(call, "startip"),
        end_ip=call.text_if_given("endip") or None,
    )


def _extend(call: Call) -> Row:
    row = call.find_if_given("network", "networkid") or _only_network(call)
    zone = call.tx.execute(sqlalchemy.select(zones).where(zones.c.id == row.zone_id)).one()
    pod = call.find_if_given("pod", "podid")
    if pod is not None:
        keep(call.tx, POD, pod)
    for parameter, home_id in (("podid", pod.zone_id if pod else zone.id), ("zoneid", _zone_id(call, zone))):
        if home_id != zone.id:
            reason = f"the network is in the zone {zone.name}"
            raise check.BadParameter(parameter=parameter, value=call.text(parameter), reason=reason)
    asked, there = call.text_if_given("vlan"), row.broadcast_uri
    if asked and rules.broadcast_uri(rules.vlan(asked)) != there:
        raise check.BadParameter(parameter="vlan", value=asked, reason=f"the network's is {there}")
    return service.create_range(
        call.tx,
        call.world,
        network=row,
        zone=zone,
        pod=pod,
        gateway=call.text_if_given("gateway") or None,
        netmask=call.text_if_given("netmask") or None,
        start_ip=_required(call, "startip"),
        end_ip=call.text_if_given("endip") or None,
    )


def _required(call: Call, parameter: str) -> str:
    value = call.text_if_given(parameter)
    if not value:
        raise check.BadParameter(parameter=parameter, value=value, reason="a range of addresses has one")
    return value


def _needed(call: Call, kind: str, parameter: str) -> Row:
    row = call.find_if_given(kind, parameter)
    if row is None:
        raise check.BadParameter(parameter=parameter, value=None, reason=f"it says which {kind}'s")
    return row


def _zone_id(call: Call, zone: Row) -> int:
    asked = call.find_if_given("zone", "zoneid") or zone
    return int(asked.id)


def _only_network(call: Call) -> Row:
    """The one network that a zone shares with everybody, where nobody says which is meant."""
    zone = _needed(call, "zone", "zoneid")
    everybodys = (network.c.zone_id == zone.id, network.c.acl_type == Acl.DOMAIN, network.c.removed.is_(None))
    found = call.tx.execute(sqlalchemy.select(network).where(*everybodys).limit(2)).all()
    if len(found) != 1:
        reason = f"the zone {zone.name} has not one shared network but {'several' if found else 'none'}"
        raise check.BadParameter(parameter="networkid", value=None, reason=reason)
    return found[0]


def _owner(call: Call, acl: Acl) -> Row:
    """Whose a network is: the account that is named, or the caller's; one that is for a domain is the caller's."""
    if acl is Acl.ACCOUNT:
        return owner(call, "making a network for it")
    own = hold_account(call.tx, call.who)
    if own is None:
        raise errors.NotFound(kind="account", key="id", value=call.who.account)
    return own


def _domain(call: Call) -> Row:
    """Whose accounts may use a network: those of the domain that is named, else everybody."""
    return hold_domain(call.tx, call.find_if_given("domain", "domainid") or home(call))


def _physical(call: Call, zone: Row, offering: Row) -> Row:
    """The enabled physical network that a network is made on, with all that its offering promises."""
    chosen = call.find_if_given("physical_network", "physicalnetworkid")
    found = carrying(call.tx, zone, Traffic.GUEST, chosen=chosen, tag=offering.tags)
    if found.state != State.ENABLED:
        action = "making a network on it"
        raise errors.Conflict(kind="physical network", id=found.uuid, state=found.state, action=action)
    service.examine_services(call.tx, offering, found)
    return found


def _vlan(call: Call, zone: Row, offering: Row) -> str | None:
    asked = call.text_if_given("vlan")
    if zone.network_type == NetworkType.ADVANCED:
        if not offering.specify_vlan:
            reason = "its networks choose their VLAN themselves, which is not provided yet"
            raise check.BadParameter(parameter="networkofferingid", value=offering.uuid, reason=reason)
        if not asked:
            reason = "the offering leaves it to whoever makes a network: give its number, or untagged"
            raise check.BadParameter(parameter="vlan", value=asked, reason=reason)
    return asked


COMMANDS: Commands = {
    "createNetwork": Change("network", create),
    "deleteNetwork": Record("network", delete),
    "createVlanIpRange": Change("ip_range", create_range),
}
