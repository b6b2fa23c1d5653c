"""The network service providers that there are, and what each of them does."""

from collections.abc import Iterable, Mapping, Sequence

from stratiform.engine import check
from stratiform.engine.service_provider.table import WHOLE

_ROUTED = ("Dhcp", "Dns", "Lb", "PortForwarding", "SourceNat", "StaticNat", "UserData", "Vpn")

SERVICES: Mapping[str, Sequence[str]] = {
    "VirtualRouter": tuple(sorted(("Firewall", *_ROUTED))),
    "VpcVirtualRouter": tuple(sorted(("NetworkACL", *_ROUTED))),
    "InternalLbVm": ("Lb",),
    "SecurityGroupProvider": ("SecurityGroup",),
}
"""By provider, in the order in which a physical network gets them."""


def provider(name: str) -> str:
    """The provider that `name` spells, whatever its case."""
    for each in SERVICES:
        if each.lower() == name.lower():
            return each
    reason = f"there is no element that plays it; it is one of {', '.join(SERVICES)}"
    raise check.BadParameter(parameter="name", value=name, reason=reason)


def services(provider: str, wanted: Iterable[str]) -> str:
    """The services that a provider is to provide, as the table keeps them; all of its own if none is named."""
    own = SERVICES[provider]
    known = {each.lower(): each for each in own}
    chosen = set()
    for each in wanted:
        if each.lower() not in known:
            reason = f"the services of {provider} are {', '.join(own)}"
            raise check.BadParameter(parameter="servicelist", value=each, reason=reason)
        chosen.add(known[each.lower()])
    if provider in WHOLE and chosen and len(chosen) < len(own):
        reason = f"{provider} provides all of its services or none"
        raise check.BadParameter(parameter="servicelist", value=",".join(sorted(chosen)), reason=reason)
    return ",".join(each for each in own if each in chosen or not chosen)
