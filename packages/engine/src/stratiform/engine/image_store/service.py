"""Making and removing image stores."""

import sqlalchemy

from stratiform.api.errors import InUse
from stratiform.engine import check, registry
from stratiform.engine.entity import above
from stratiform.engine.image_store import rules
from stratiform.engine.image_store.rules import Provider
from stratiform.engine.image_store.table import Role, image_store
from stratiform.engine.registry import Noun, Row
from stratiform.engine.zone.service import NOUN as ZONE
from stratiform.engine.zone.service import clear, keep
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="image_store", table=image_store, event="IMAGE.STORE", within=("zone_id",))

_TEMPLATE = above("template", "name", "url", "removed")


def create(
    tx: Transaction,
    world: World,
    *,
    provider: str,
    url: str,
    name: str | None = None,
    zone: Row | None = None,
    role: Role = Role.IMAGE,
) -> Row:
    """An image store, of one zone or of all; it is called as its url unless it has a name."""
    if zone is not None:
        keep(tx, ZONE, zone)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name or url,
        zone_id=zone.id if zone else None,
        url=url,
        protocol=rules.place(url).protocol,
        provider=check.choice("provider", provider, Provider),
        role=role,
        scope="ZONE" if zone else "REGION",
    )


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an image store. Raises `InUse` while the image of a template lies in it."""
    there = (_TEMPLATE.c.removed.is_(None), sqlalchemy.func.lower(_TEMPLATE.c.url).like("nfs:%"))
    for name, url in tx.execute(sqlalchemy.select(_TEMPLATE.c.name, _TEMPLATE.c.url).where(*there)):  # type: ignore[misc]
        if rules.holds(row.url, url):
            raise InUse(kind="image store", id=row.name, by=f"the template {name}")
    clear(tx, world, NOUN, row)
