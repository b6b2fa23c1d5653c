"""The list of image stores."""

from stratiform.engine.image_store.table import image_store
from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

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
        "disksizetotal": image_store.c.capacity,
        "disksizeused": image_store.c.used,
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
    binding=Binding(table=image_store),
)
