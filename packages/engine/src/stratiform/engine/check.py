"""Checks of what callers give, with errors that name the parameter and say what would be right."""

import ipaddress
from enum import StrEnum
from typing import TypeVar

from stratiform.framework.base import errors

E = TypeVar("E", bound=StrEnum)

LONGEST_NAME = 255


class BadParameter(errors.Invalid):
    """{parameter} cannot be {value!r}: {reason}."""

    code = "bad_parameter"


def name(parameter: str, value: str) -> str:
    """The name without space around it, if it is one."""
    stripped = value.strip()
    if not stripped:
        raise BadParameter(parameter=parameter, value=value, reason="it is empty; give a name")
    if len(stripped) > LONGEST_NAME or not stripped.isprintable():
        reason = f"it is not {LONGEST_NAME} printable characters or fewer"
        raise BadParameter(parameter=parameter, value=value, reason=reason)
    return stripped


def choice(parameter: str, value: str, choices: type[E]) -> E:
    """The choice that `value` spells, whatever its case."""
    for each in choices:
        if each.lower() == value.lower():
            return each
    raise BadParameter(parameter=parameter, value=value, reason=f"it is one of {', '.join(choices)}")


def at_least(parameter: str, value: int, lowest: int) -> int:
    """The number, if it is not too small."""
    if value < lowest:
        raise BadParameter(parameter=parameter, value=value, reason=f"it is {lowest} or more")
    return value


def ip4(parameter: str, value: str) -> ipaddress.IPv4Address:
    """An IPv4 address in its four numbers."""
    try:
        return ipaddress.IPv4Address(value)
    except ValueError:
        reason = "it is an IPv4 address such as 10.1.1.1"
        raise BadParameter(parameter=parameter, value=value, reason=reason) from None


def cidr(parameter: str, value: str) -> ipaddress.IPv4Network:
    """An IPv4 network with its prefix; bits of a host are not allowed."""
    try:
        return ipaddress.IPv4Network(value)
    except ValueError:
        reason = "it is an IPv4 network such as 10.1.1.0/24"
        raise BadParameter(parameter=parameter, value=value, reason=reason) from None


def subnet(gateway: str, netmask: str) -> ipaddress.IPv4Network:
    """The network that a gateway and a netmask are of; the gateway is an address that a machine can have."""
    address = ip4("gateway", gateway)
    try:
        network = ipaddress.IPv4Network((address, str(ip4("netmask", netmask))), strict=False)
    except ValueError:
        reason = "it is a netmask such as 255.255.255.0"
        raise BadParameter(parameter="netmask", value=netmask, reason=reason) from None
    if not usable(address, network):
        reason = f"it is the network or broadcast address of {network}"
        raise BadParameter(parameter="gateway", value=gateway, reason=reason)
    return network


def usable(address: ipaddress.IPv4Address, network: ipaddress.IPv4Network) -> bool:
    """Whether a machine on the network can have the address."""
    if network.prefixlen >= 31:
        return address in network
    return address in network and address not in (network.network_address, network.broadcast_address)


def span(start: str, end: str, network: ipaddress.IPv4Network) -> tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]:
    """The first and last address of a range inside a network."""
    first, last = ip4("startip", start), ip4("endip", end)
    for parameter, address in (("startip", first), ("endip", last)):
        if not usable(address, network):
            raise BadParameter(parameter=parameter, value=str(address), reason=f"it is an address of {network}")
    if last < first:
        raise BadParameter(parameter="endip", value=end, reason=f"it is not before startip {start}")
    return first, last
