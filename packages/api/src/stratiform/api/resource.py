"""What the wire calls the kinds of things that events are about, as in CloudStack's `ApiCommandResourceType`."""

from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "vm": "VirtualMachine",
    "address": "IpAddress",
    "os_type": "GuestOs",
    "os_category": "GuestOsCategory",
    "service_provider": "PhysicalNetworkServiceProvider",
}
"""Those that are not simply the noun."""


def name(kind: str) -> str:
    """The wire's name of a kind, for example `ServiceOffering`."""
    return _NAMES.get(kind) or "".join(part.capitalize() for part in kind.split("_"))


def spelled(name: str) -> str:
    """The kind that is called so, whatever the case, without its underscores: as kinds are compared with it."""
    return _KINDS.get(name.lower(), name.lower())


_KINDS = {called.lower(): kind.replace("_", "") for kind, called in _NAMES.items()}
