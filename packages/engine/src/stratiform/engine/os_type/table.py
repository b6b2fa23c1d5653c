"""The tables of guest operating systems and their categories."""

from sqlalchemy import Column, Integer

from stratiform.engine.entity import entity, flag, named, reference, unique

os_category = entity(
    "os_category",
    *named(),
    flag("is_featured"),
    Column("sort", Integer, nullable=False),
    unique("os_category", "name_key"),
)

os_type = entity(
    "os_type",
    *named(),
    reference("os_category"),
    flag("is_custom"),
    flag("is_displayed", default=True),
    unique("os_type", "name_key"),
)
