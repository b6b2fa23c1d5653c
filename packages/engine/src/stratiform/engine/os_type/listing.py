"""The lists of guest operating systems and of their categories."""

import sqlalchemy
from sqlalchemy import or_

from stratiform.engine.entity import above
from stratiform.engine.listing import Asked, Listing, Narrow, named, refers
from stratiform.engine.os_type.table import os_category, os_type
from stratiform.engine.visible import Binding, Condition
from stratiform.engine.zone.table import zone

_template = above("template", "account_id", "os_type_id", "zone_id", "arch", "is_public", "removed")
_account = above("account", "id", "uuid")


def _with_templates(narrow: Narrow) -> Narrow:
    """A category of which there is a template, public or the caller's own, that is narrowed so."""

    def condition(value: object, asked: Asked) -> Condition:
        own = sqlalchemy.select(_account.c.id).where(_account.c.uuid == asked.who.account).scalar_subquery()
        found = sqlalchemy.select(os_type.c.os_category_id).where(
            _template.c.os_type_id == os_type.c.id,
            _template.c.removed.is_(None),
            or_(_template.c.is_public, _template.c.account_id == own),
            narrow(value, asked),
        )
        return os_category.c.id.in_(found.correlate(None))

    return condition


def _in_zone(value: object, asked: Asked) -> Condition:
    everywhere = _template.c.zone_id.is_(None)
    return or_(everywhere, refers(_template.c.zone_id, zone)(value, asked))


CATEGORY = Listing(
    kind="os_category",
    table=os_category,
    columns={
        "id": os_category.c.uuid,
        "name": os_category.c.name,
        "isfeatured": os_category.c.is_featured,
        "created": os_category.c.created,
    },
    filters={
        "name": named(os_category),
        "isfeatured": os_category.c.is_featured,
        "arch": _with_templates(lambda value, _: _template.c.arch == str(value)),
        "zoneid": _with_templates(_in_zone),
    },
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
