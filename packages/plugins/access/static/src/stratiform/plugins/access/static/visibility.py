"""Which entities a principal sees: per kind whose they are, and what that means to a tenant."""

from collections.abc import Mapping
from enum import StrEnum

from stratiform.api.access import Any, Equals, Everything, Filter, Nothing, OneOf, SharedWith, Within
from stratiform.api.principal import Principal, Role


class Belongs(StrEnum):
    """Whose the entities of a kind are."""

    ACCOUNT = "account"
    """One account's: its own see them, and the admins of the domains above it."""
    LENT = "lent"
    """One account's, which may share them or make them public: those who share them use them, and no more."""
    DOMAIN = "domain"
    """A domain's or everyone's: a domain's are used by the domain and those below it."""
    EVERYONE = "everyone"
    SELF = "self"
    """The principal's own user, account or domain."""
    OPERATOR = "operator"
    """The hardware: tenants do not see it."""


KINDS: Mapping[str, Belongs] = {
    "domain": Belongs.SELF,
    "account": Belongs.SELF,
    "user": Belongs.SELF,
    "zone": Belongs.DOMAIN,
    "pod": Belongs.OPERATOR,
    "cluster": Belongs.OPERATOR,
    "host": Belongs.OPERATOR,
    "physical_network": Belongs.OPERATOR,
    "traffic_type": Belongs.OPERATOR,
    "service_provider": Belongs.OPERATOR,
    "network_element": Belongs.OPERATOR,
    "ip_range": Belongs.OPERATOR,
    "network": Belongs.LENT,
    "address": Belongs.ACCOUNT,
    "storage_pool": Belongs.OPERATOR,
    "image_store": Belongs.OPERATOR,
    "service_offering": Belongs.DOMAIN,
    "disk_offering": Belongs.DOMAIN,
    "network_offering": Belongs.DOMAIN,
    "os_type": Belongs.EVERYONE,
    "os_category": Belongs.EVERYONE,
    "hypervisor": Belongs.EVERYONE,
    "template": Belongs.LENT,
    "volume": Belongs.ACCOUNT,
    "vm": Belongs.ACCOUNT,
    "ssh_key_pair": Belongs.ACCOUNT,
    "event": Belongs.ACCOUNT,
    "job": Belongs.ACCOUNT,
}
"""Every kind of entity; one that is not here is seen by Admin alone."""

READS = ("list", "query", "get")
"""How the names of commands begin that only look."""

USES = frozenset({"addHost", "createNetwork", "deployVirtualMachine", "registerTemplate"})
"""Commands that need what they name and leave it as it is: allowed on what is lent or everyone's, too."""


def seen(who: Principal, action: str, kind: str) -> Filter:
    """What a principal, who may call the action, sees of a kind."""
    if who.role is Role.ADMIN:
        return Everything()
    belongs = KINDS.get(kind, Belongs.OPERATOR)
    only_uses = action in USES or action.startswith(READS)
    match belongs:
        case Belongs.EVERYONE:
            return Everything()
        case Belongs.OPERATOR:
            return Everything() if kind in KINDS and who.role is Role.RESOURCE_ADMIN else Nothing()
        case Belongs.SELF if who.role is Role.USER:
            return _oneself(who, kind)
        case Belongs.LENT if only_uses:
            return Any((_own(who), SharedWith(who.account)))
        case Belongs.DOMAIN if only_uses:
            above = OneOf("scope", tuple(_domains_above(who.scope)))
            below = () if who.role is Role.USER else (Within("scope", who.scope),)
            return Any((Equals("scope", None), above, *below))
        case Belongs.DOMAIN if who.role is Role.USER:
            return Nothing()
        case Belongs.DOMAIN:
            return Within("scope", who.scope)
        case _:
            return _own(who)


def _own(who: Principal) -> Filter:
    return Equals("owner", who.account) if who.role is Role.USER else Within("scope", who.scope)


def _oneself(who: Principal, kind: str) -> Filter:
    match kind:
        case "user":
            return Equals("id", who.user)
        case "account":
            return Equals("id", who.account)
        case _:
            return Equals("scope", who.scope)


def _domains_above(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    return ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
