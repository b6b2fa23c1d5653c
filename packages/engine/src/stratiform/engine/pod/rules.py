"""What is right for a pod's management subnet."""

from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from stratiform.engine import check


class Subnet(NamedTuple):
    """A management subnet and the range of it that is the cloud's."""

    network: IPv4Network
    first: IPv4Address
    last: IPv4Address


def subnet(gateway: str | None, netmask: str | None, start_ip: str | None, end_ip: str | None) -> Subnet | None:
    """The subnet, None if nothing is told of one; a range without an end goes to that of the subnet.

    Raises `BadParameter` for what is missing, what is not in the subnet, and a range with the gateway in it.
    """
    if not (gateway or netmask or start_ip or end_ip):
        return None
    if not gateway or not netmask:
        parameter = "netmask" if gateway else "gateway"
        raise check.BadParameter(parameter=parameter, value=None, reason="a subnet needs gateway and netmask together")
    network, router = check.subnet(gateway, netmask), check.ip4("gateway", gateway)
    if not start_ip:
        raise check.BadParameter(parameter="startip", value=start_ip, reason=f"it is an address of {network}")
    first, last = check.span(start_ip, end_ip or _highest(network, router), network)
    if first <= router <= last:
        reason = f"a range from there to {last} has the gateway {router} in it"
        raise check.BadParameter(parameter="startip", value=start_ip, reason=reason)
    return Subnet(network, first, last)


def examine(own: Subnet, name: str, other: Subnet, *, apart: bool) -> None:
    """Raise `BadParameter` if a subnet cannot be beside another pod's; `apart` allows no address in both subnets."""
    if own.first <= other.last and other.first <= own.last:
        reason = f"its range overlaps with {other.first}-{other.last} of the pod {name}"
        raise check.BadParameter(parameter="startip", value=str(own.first), reason=reason)
    if apart and own.network.overlaps(other.network):
        reason = f"{own.network} overlaps with {other.network} of the pod {name}, which a Basic zone does not allow"
        raise check.BadParameter(parameter="netmask", value=str(own.network.netmask), reason=reason)


def _highest(network: IPv4Network, gateway: IPv4Address) -> str:
    """The last address of a subnet that can be a machine's."""
    last = network.broadcast_address - (0 if network.prefixlen >= 31 else 1)
    return str(last - 1 if last == gateway else last)
