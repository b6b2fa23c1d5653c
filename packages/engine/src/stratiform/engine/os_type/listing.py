"""The lists of guest operating systems and of their categories."""

from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.os_type.table import os_category, os_type
from stratiform.engine.visible import Binding

CATEGORY = Listing(
    kind="os_category",
    table=os_category,
    columns={
        "id": os_category.c.uuid,
        "name": os_category.c.name,
        "isfeatured": os_category.c.is_featured,
        "created": os_category.c.created,
    },
    filters={"name": named(os_category), "isfeatured": os_category.c.is_featured},
    keyword=[os_category.c.name_key],
    binding=Binding(table=os_category),
    order=[os_category.c.sort, os_category.c.id],
)

TYPE = Listing(
    kind="os_type",
    table=os_type,
    joins=[(os_category, os_category.c.id == os_type.c.os_category_id)],
    columns={
        "id": os_type.c.uuid,
        "name": os_type.c.name,
        "description": os_type.c.name,
        "oscategoryid": os_category.c.uuid,
        "oscategoryname": os_category.c.name,
        "isuserdefined": os_type.c.is_custom,
        "fordisplay": os_type.c.is_displayed,
    },
    times=frozenset(),
    filters={
        "description": named(os_type),
        "oscategoryid": refers(os_type.c.os_category_id, os_category),
        "fordisplay": os_type.c.is_displayed,
    },
    keyword=[os_type.c.name_key],
    binding=Binding(table=os_type),
)
