"""The list of domains."""

import sqlalchemy

from stratiform.api.access import Equals, Filter
from stratiform.api.principal import Role
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Asked, Listing, named
from stratiform.engine.visible import Binding

_parent = domain.alias("parent")
_child = domain.alias("child")

RESOURCES = [
    "vm",
    "ip",
    "volume",
    "snapshot",
    "backup",
    "backupstorage",
    "template",
    "project",
    "network",
    "vpc",
    "cpu",
    "memory",
    "gpu",
    "primarystorage",
    "secondarystorage",
    "bucket",
    "objectstorage",
]

UNLIMITED = {f"{name}{what}": "Unlimited" for name in RESOURCES for what in ("limit", "available")}
"""The limits of accounts and domains, of which there are none yet."""


def _own(asked: Asked) -> Filter | None:
    """An administrator of everything sees all domains, whoever else their own."""
    return None if asked.who.role is Role.ADMIN else Equals("scope", asked.who.scope)


LISTING = Listing(
    kind="domain",
    table=domain,
    joins=[(_parent, _parent.c.id == domain.c.parent_id)],
    columns={
        "id": domain.c.uuid,
        "name": domain.c.name,
        "level": domain.c.level,
        "parentdomainid": _parent.c.uuid,
        "parentdomainname": _parent.c.name,
        "haschild": sqlalchemy.exists().where(_child.c.parent_id == domain.c.id, _child.c.removed.is_(None)),
        "networkdomain": domain.c.network_domain,
        "path": domain.c.title,
        "state": sqlalchemy.case((domain.c.needs_cleanup, "Inactive"), else_="Active"),
        "created": domain.c.created,
    },
    constants={**UNLIMITED, "secondarystoragetotal": 0.0, "tags": ()},
    filters={"name": named(domain), "level": domain.c.level},
    keyword=[domain.c.name_key],
    binding=Binding(table=domain, scope=domain.c.path),
    own=_own,
)
