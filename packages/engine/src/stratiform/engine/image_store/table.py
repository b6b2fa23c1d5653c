"""The table of image stores."""

from enum import StrEnum

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, flag, named, reference, unique

OF_ALL_ZONES = "zone_id IS NULL"


class Role(StrEnum):
    """What a store is for."""

    IMAGE = "Image"
    """Templates lie in it."""
    CACHE = "ImageCache"
    """A staging store: a stop on the way from a store that hosts do not reach."""


image_store = entity(
    "image_store",
    *named(),
    reference("zone", optional=True),  # None serves every zone
    Column("url", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("role", Text, nullable=False),  # Role
    Column("scope", Text, nullable=False),  # ZONE or REGION
    flag("is_read_only"),
    unique("image_store", "zone_id", "name_key"),
    unique("image_store", "zone_id", "url"),
    unique("image_store", "name_key", also=OF_ALL_ZONES),
    unique("image_store", "url", also=OF_ALL_ZONES),
)
