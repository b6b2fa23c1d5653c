"""The table of image stores."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import count, entity, flag, named, reference, unique

image_store = entity(
    "image_store",
    *named(),
    reference("zone", optional=True),  # None serves every zone
    Column("url", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("scope", Text, nullable=False),
    flag("is_read_only"),
    count("capacity"),  # bytes
    count("used"),  # bytes
    unique("image_store", "name_key"),
    unique("image_store", "url"),
)
