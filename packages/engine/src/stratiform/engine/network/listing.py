"""The list of networks."""

from sqlalchemy import and_, case, func

from stratiform.api.access import Any, Equals, Filter, SharedWith
from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, named, owner, refers
from stratiform.engine.network.table import network
from stratiform.engine.offering.listing import services
from stratiform.engine.offering.table import network_offering
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.visible import Binding, Reach
from stratiform.engine.zone.table import zone

_reach = domain.alias("reach")
_OF_DOMAIN = network.c.acl_type == "Domain"


def _own(asked: Asked) -> Filter | None:
    """One's own networks and those that one's domain may use."""
    return Any((Equals("owner", asked.who.account), SharedWith(asked.who.account)))


LISTING = Listing(
    kind="network",
    table=network,
    joins=[
        *owner(network, account, domain),
        (_reach, and_(_reach.c.id == network.c.domain_id, _OF_DOMAIN)),
        (zone, zone.c.id == network.c.zone_id),
        (network_offering, network_offering.c.id == network.c.network_offering_id),
        (physical_network, physical_network.c.id == network.c.physical_network_id),
    ],
    columns={
        "id": network.c.uuid,
        "name": network.c.name,
        "displaytext": network.c.display_text,
        "account": case((_OF_DOMAIN, None), else_=account.c.name),
        "domainid": func.coalesce(_reach.c.uuid, domain.c.uuid),
        "domain": func.coalesce(_reach.c.name, domain.c.name),
        "domainpath": func.coalesce(_reach.c.title, domain.c.title),
        "subdomainaccess": case((_OF_DOMAIN, network.c.subdomain_access), else_=None),
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "created": network.c.created,
        "state": network.c.state,
        "related": network.c.uuid,
        "traffictype": network.c.traffic_type,
        "type": network.c.guest_type,
        "acltype": network.c.acl_type,
        "gateway": network.c.gateway,
        "netmask": network.c.netmask,
        "cidr": network.c.cidr,
        "vlan": network.c.vlan,
        "broadcasturi": network.c.broadcast_uri,
        "networkdomain": network.c.network_domain,
        "dns1": network.c.dns1,
        "dns2": network.c.dns2,
        "isdefault": network.c.is_default,
        "physicalnetworkid": physical_network.c.uuid,
        "networkofferingid": network_offering.c.uuid,
        "networkofferingname": network_offering.c.name,
        "networkofferingdisplaytext": network_offering.c.display_text,
        "networkofferingavailability": network_offering.c.availability,
        "networkofferingconservemode": network_offering.c.conserve_mode,
        "specifyvlan": network_offering.c.specify_vlan,
        "specifyipranges": network_offering.c.specify_ip_ranges,
        "ispersistent": network_offering.c.is_persistent,
    },
    constants={
        "broadcastdomaintype": "Vlan",
        "issystem": False,
        "restartrequired": False,
        "canusefordeploy": True,
        "displaynetwork": True,
        "redundantrouter": False,
        "strechedl2subnet": False,
        "supportsvmautoscaling": False,
        "tags": (),
    },
    operators=frozenset({"vlan", "broadcasturi", "physicalnetworkid"}),
    filters={
        "name": named(network),
        "zoneid": refers(network.c.zone_id, zone),
        "physicalnetworkid": refers(network.c.physical_network_id, physical_network),
        "networkofferingid": refers(network.c.network_offering_id, network_offering),
        "traffictype": lambda value, _: network.c.traffic_type == str(value).capitalize(),
        "type": lambda value, _: network.c.guest_type == str(value),
        "acltype": lambda value, _: network.c.acl_type == str(value).capitalize(),
        "vlan": network.c.vlan,
        "specifyipranges": network_offering.c.specify_ip_ranges,
    },
    keyword=[network.c.name_key],
    binding=Binding(
        table=network,
        owner=account.c.uuid,
        owner_key=network.c.account_id,
        scope=domain.c.path,
        reach=Reach(path=_reach.c.path, below=network.c.subdomain_access),
    ),
    own=_own,
    nested=[services(network.c.network_offering_id)],
)
