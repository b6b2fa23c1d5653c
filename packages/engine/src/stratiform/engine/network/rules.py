"""Rules of networks: names on the wire for VLANs, and hardware addresses of network cards."""

from enum import StrEnum

from stratiform.engine import check
from stratiform.engine.physical_network.rules import HIGHEST_VLAN

UNTAGGED = "untagged"


class Acl(StrEnum):
    """Who may use a network: its owner's account, or those of a domain."""

    ACCOUNT = "Account"
    DOMAIN = "Domain"


_PREFIX = 0x1E << 40
"""The first octet of every hardware address: locally administered, not multicast, as CloudStack's are."""


def vlan(value: str | None) -> str | None:
    """The VLAN's number, or None for none; the wire says `100`, `vlan://100` or `untagged`."""
    number = (value or UNTAGGED).lower().removeprefix("vlan://")
    if number == UNTAGGED:
        return None
    if not number.isdecimal() or int(number) > HIGHEST_VLAN:
        reason = f"it is a VLAN up to {HIGHEST_VLAN}, or {UNTAGGED}"
        raise check.BadParameter(parameter="vlan", value=value, reason=reason)
    return str(int(number))


def broadcast_uri(number: str | None) -> str:
    """How a network is told apart on the wire of its hosts."""
    return f"vlan://{number or UNTAGGED}"


def mac(nic_id: int) -> str:
    """The hardware address of a network card: no other card of this cloud has it."""
    if not 0 < nic_id < 1 << 40:
        raise ValueError(f"no hardware address can be made from {nic_id}")
    return (_PREFIX | nic_id).to_bytes(6, "big").hex(":")
