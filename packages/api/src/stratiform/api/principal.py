"""Who asks: the caller of a command, with the attributes that decisions are made on."""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """The kind of account, as CloudStack's clients know it."""

    ADMIN = "Admin"
    RESOURCE_ADMIN = "ResourceAdmin"
    DOMAIN_ADMIN = "DomainAdmin"
    USER = "User"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """A user of an account in a domain. It can cross a socket: decisions need nothing else of the caller."""

    user: str
    """UUID of the user."""
    account: str
    """UUID of the account."""
    role: Role
    scope: str
    """The domain's path of UUIDs from the root, each followed by a slash: a domain below starts with it."""
