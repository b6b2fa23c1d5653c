"""The lists of ranges of addresses, and of public addresses."""

from sqlalchemy import false, true

from stratiform.api.access import Filter
from stratiform.engine.account.table import account
from stratiform.engine.address.states import State
from stratiform.engine.address.table import address, ip_range
from stratiform.engine.domain.table import domain
from stratiform.engine.entity import above
from stratiform.engine.listing import Asked, Listing, mine, owner, refers
from stratiform.engine.physical_network.table import physical_network
from stratiform.engine.pod.table import pod
from stratiform.engine.visible import Binding, Condition
from stratiform.engine.zone.table import zone

_network = above("network", "id", "uuid", "name")


def _own(asked: Asked) -> Filter | None:
    """One's own addresses, unless those are asked for that may be nobody's."""
    return None if asked.filters.get("allocatedonly") is False or _asks_for_free(asked) else mine(asked)


def _allocated(value: object, asked: Asked) -> Condition:
    """Whether an address is somebody's, unless free ones are asked for by their state."""
    return address.c.state != State.FREE if value and not _asks_for_free(asked) else true()


def _asks_for_free(asked: Asked) -> bool:
    return str(asked.filters.get("state")).capitalize() == State.FREE


def _vlan(value: object, _: Asked) -> Condition:
    return ip_range.c.vlan == f"vlan://{str(value).removeprefix('vlan://')}"


def _none(_value: object, _: Asked) -> Condition:
    """What no public address is yet."""
    return false()


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
        "vlan": _vlan,
        "forvirtualnetwork": ip_range.c.is_public,
    },
    keyword=[ip_range.c.vlan, ip_range.c.start_ip, ip_range.c.end_ip],
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
    operators=frozenset({"vlanid", "vlanname", "physicalnetworkid"}),
    filters={
        "ipaddress": address.c.ip4,
        "zoneid": refers(address.c.zone_id, zone),
        "vlanid": refers(address.c.ip_range_id, ip_range),
        "physicalnetworkid": refers(ip_range.c.physical_network_id, physical_network),
        "associatednetworkid": _none,
        "networkid": _none,
        "state": lambda value, _: address.c.state == str(value).capitalize(),
        "issourcenat": address.c.is_source_nat,
        "allocatedonly": _allocated,
    },
    keyword=[address.c.ip4],
    binding=Binding(table=address, owner=account.c.uuid, owner_key=address.c.account_id, scope=domain.c.path),
    live=address.c.removed.is_(None) & address.c.is_public,
    own=_own,
)
