"""The lists of ranges of addresses, and of public addresses, of which there are none yet."""

from stratiform.engine.account.table import account
from stratiform.engine.address.table import address, ip_range
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import above
from stratiform.engine.listing import Listing, mine, owner, refers
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.pod.table import pod
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

_network = above("network", "id", "uuid", "name")

RANGE = Listing(
    kind="ip_range",
    table=ip_range,
    joins=[
        (zone, zone.c.id == ip_range.c.zone_id),
        (pod, pod.c.id == ip_range.c.pod_id),
        (physical_network, physical_network.c.id == ip_range.c.physical_network_id),
        (_network, _network.c.id == ip_range.c.network_id),
    ],
    columns={
        "id": ip_range.c.uuid,
        "zoneid": zone.c.uuid,
        "podid": pod.c.uuid,
        "podname": pod.c.name,
        "networkid": _network.c.uuid,
        "physicalnetworkid": physical_network.c.uuid,
        "vlan": ip_range.c.vlan,
        "gateway": ip_range.c.gateway,
        "netmask": ip_range.c.netmask,
        "cidr": ip_range.c.cidr,
        "startip": ip_range.c.start_ip,
        "endip": ip_range.c.end_ip,
        "forvirtualnetwork": ip_range.c.is_public,
    },
    constants={"forsystemvms": False},
    times=frozenset(),
    filters={
        "zoneid": refers(ip_range.c.zone_id, zone),
        "podid": refers(ip_range.c.pod_id, pod),
        "physicalnetworkid": refers(ip_range.c.physical_network_id, physical_network),
        "networkid": lambda value, _: _network.c.uuid == value,
        "vlan": ip_range.c.vlan,
        "forvirtualnetwork": ip_range.c.is_public,
    },
    binding=Binding(table=ip_range),
)

PUBLIC = Listing(
    kind="address",
    table=address,
    joins=[
        *owner(address, account, domain),
        (zone, zone.c.id == address.c.zone_id),
        (ip_range, ip_range.c.id == address.c.ip_range_id),
        (physical_network, physical_network.c.id == ip_range.c.physical_network_id),
    ],
    columns={
        "id": address.c.uuid,
        "ipaddress": address.c.ip4,
        "allocated": address.c.allocated,
        "state": address.c.state,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "account": account.c.name,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "domainpath": domain.c.title,
        "vlanid": ip_range.c.uuid,
        "vlanname": ip_range.c.vlan,
        "physicalnetworkid": physical_network.c.uuid,
        "issourcenat": address.c.is_source_nat,
    },
    constants={
        "forvirtualnetwork": True,
        "isstaticnat": False,
        "issystem": False,
        "isportable": False,
        "fordisplay": True,
        "hasrules": False,
        "forsystemvms": False,
        "forprovider": False,
        "tags": (),
    },
    times=frozenset({"allocated"}),
    filters={
        "ipaddress": address.c.ip4,
        "zoneid": refers(address.c.zone_id, zone),
        "vlanid": refers(address.c.ip_range_id, ip_range),
        "state": address.c.state,
        "issourcenat": address.c.is_source_nat,
        "allocatedonly": lambda value, _: address.c.state == ("Allocated" if value else address.c.state),
    },
    binding=Binding(table=address, owner=account.c.uuid, owner_key=address.c.account_id, scope=domain.c.path),
    live=address.c.removed.is_(None) & address.c.is_public,
    own=mine,
)
