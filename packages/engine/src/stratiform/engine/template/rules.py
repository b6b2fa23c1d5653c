"""What is right and wrong about a template."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from stratiform.engine import check

PUBLIC = ("http", "https", "ftp")
"""Schemes of addresses that anybody may name."""
INSIDE = ("nfs", "file")
"""Schemes of addresses inside the data centre, which only its operators name."""

HYPERVISORS = ("Simulator", "KVM", "XenServer", "VMware", "Hyperv", "LXC", "Ovm3", "BareMetal")
"""As the wire spells them."""

BITS = (32, 64)


def url(value: str, *, inside: bool) -> str:
    """Where an image is. Addresses inside the data centre are for those who run it."""
    allowed = PUBLIC + INSIDE if inside else PUBLIC
    if not _leads(value, allowed):
        reason = f"it is where the image is, by {', '.join(allowed)}, such as https://server/image.qcow2"
        raise check.BadParameter(parameter="url", value=value, reason=reason)
    return value


def _leads(value: str, allowed: Iterable[str]) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in allowed and bool(parts.netloc or (parts.scheme == "file" and parts.path))


def hypervisor(value: str, known: Iterable[str] = ()) -> str:
    """The hypervisor's name as the wire spells it; `known` are more of them, such as those of the clusters."""
    names = {each.lower(): each for each in (*HYPERVISORS, *known)}
    if value.lower() not in names:
        reason = f"it is one of {', '.join(names.values())}"
        raise check.BadParameter(parameter="hypervisor", value=value, reason=reason)
    return names[value.lower()]


def bits(value: int) -> int:
    """The width of its machine's words."""
    if value not in BITS:
        raise check.BadParameter(parameter="bits", value=value, reason="it is 32 or 64")
    return value


def packed(details: Mapping[str, str]) -> str | None:
    """Details as the table keeps them, None for none."""
    return msgspec.json.encode(details, order="sorted").decode() if details else None
