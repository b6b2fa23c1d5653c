"""What makes a range of addresses: inside its network, without the gateway, not too large."""

import ipaddress
from dataclasses import dataclass

from stratiform.engine import check

LARGEST = 1 << 16
"""Addresses of one range; the id of an address is its range's id times this, plus its place."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """A range of addresses that was found good."""

    network: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address
    first: ipaddress.IPv4Address
    last: ipaddress.IPv4Address

    def addresses(self) -> list[ipaddress.IPv4Address]:
        """The addresses that may be given out: not the gateway."""
        numbers = range(int(self.first), int(self.last) + 1)
        return [address for number in numbers if (address := ipaddress.IPv4Address(number)) != self.gateway]


def examine(gateway: str, netmask: str, start_ip: str, end_ip: str | None) -> Range:
    """The range from `start_ip` to `end_ip`. Raises `BadParameter`, naming the wire's parameter."""
    network = check.subnet(gateway, netmask)
    first, last = check.span(start_ip, end_ip or start_ip, network)
    found = Range(network=network, gateway=ipaddress.IPv4Address(gateway), first=first, last=last)
    size = int(last) - int(first) + 1
    if size > LARGEST:
        reason = f"a range has at most {LARGEST} addresses, not {size}"
        raise check.BadParameter(parameter="endip", value=str(last), reason=reason)
    if not found.addresses():
        reason = "the gateway is the only address of the range"
        raise check.BadParameter(parameter="startip", value=start_ip, reason=reason)
    return found
