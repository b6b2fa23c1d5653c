"""Making and removing image stores."""

from urllib.parse import urlsplit

from stratiform.engine import check, registry
from stratiform.engine.image_store.table import image_store
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="image_store", table=image_store, event="IMAGE.STORE")


def create(
    tx: Transaction,
    world: World,
    *,
    provider: str,
    url: str,
    name: str | None = None,
    zone: Row | None = None,
) -> Row:
    """An image store, of one zone or of all; it is called as its url unless it has a name."""
    protocol = urlsplit(url).scheme
    if not protocol:
        reason = "it is an address such as nfs://server/path"
        raise check.BadParameter(parameter="url", value=url, reason=reason)
    return registry.create(
        tx,
        world,
        NOUN,
        name=name or url,
        zone_id=zone.id if zone else None,
        url=url,
        protocol=protocol,
        provider=check.name("provider", provider),
        scope="ZONE" if zone else "REGION",
    )


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove an image store."""
    registry.remove(tx, world, NOUN, row)
