"""The lists of image stores and of staging stores."""

from dataclasses import replace

from stratiform.engine.image_store.table import Role, image_store
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.visible import Binding, Condition
from stratiform.engine.zone.table import zone


def _are(role: Role) -> Condition:
    return image_store.c.removed.is_(None) & (image_store.c.role == role)


LISTING = Listing(
    kind="image_store",
    table=image_store,
    joins=[(zone, zone.c.id == image_store.c.zone_id)],
    columns={
        "id": image_store.c.uuid,
        "name": image_store.c.name,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "url": image_store.c.url,
        "protocol": image_store.c.protocol,
        "providername": image_store.c.provider,
        "scope": image_store.c.scope,
        "readonly": image_store.c.is_read_only,
    },
    times=frozenset(),
    filters={
        "name": named(image_store),
        "zoneid": refers(image_store.c.zone_id, zone),
        "provider": image_store.c.provider,
        "protocol": image_store.c.protocol,
        "readonly": image_store.c.is_read_only,
    },
    keyword=[image_store.c.name_key],
    live=_are(Role.IMAGE),
    binding=Binding(table=image_store),
)

STAGING = replace(LISTING, kind="staging_store", live=_are(Role.CACHE))
