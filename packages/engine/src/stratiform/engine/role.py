"""The four roles as the wire tells them, and whom each of them looks after."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, case

from stratiform.api.principal import Role

TYPES: Mapping[Role, int] = {Role.USER: 0, Role.ADMIN: 1, Role.DOMAIN_ADMIN: 2, Role.RESOURCE_ADMIN: 3}
"""What the wire calls an account's type."""

NAMES: Mapping[Role, str] = {
    Role.USER: "User",
    Role.ADMIN: "Root Admin",
    Role.DOMAIN_ADMIN: "Domain Admin",
    Role.RESOURCE_ADMIN: "Resource Admin",
}

IDS: Mapping[Role, str] = {
    Role.ADMIN: "6e1f3b0a-0001-4000-8000-726f6c650001",
    Role.RESOURCE_ADMIN: "6e1f3b0a-0002-4000-8000-726f6c650002",
    Role.DOMAIN_ADMIN: "6e1f3b0a-0003-4000-8000-726f6c650003",
    Role.USER: "6e1f3b0a-0004-4000-8000-726f6c650004",
}
"""The same UUIDs in every cloud, since the roles are fixed; numbered as CloudStack numbers its own."""

LOOKS_AFTER: Mapping[Role, frozenset[Role]] = {
    Role.ADMIN: frozenset(Role),
    Role.RESOURCE_ADMIN: frozenset({Role.RESOURCE_ADMIN, Role.USER}),
    Role.DOMAIN_ADMIN: frozenset({Role.DOMAIN_ADMIN, Role.USER}),
    Role.USER: frozenset({Role.USER}),
}
"""The roles whose every right a role has too: nobody makes, changes or ends an account that may do more than itself."""


def told(role: ColumnElement[str], by: Mapping[Role, int] | Mapping[Role, str]) -> ColumnElement[object]:
    """A column with a role, told by one of the mappings above."""
    return case(*((role == each, value) for each, value in by.items()))
