"""Making guest operating systems and their categories."""

from stratiform.engine import registry
from stratiform.engine.os_type.table import os_category, os_type
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

CATEGORY = Noun(kind="os_category", table=os_category, event="GUEST.OS.CATEGORY")
TYPE = Noun(kind="os_type", table=os_type, event="GUEST.OS", name="osdisplayname")


def create_category(tx: Transaction, world: World, *, name: str, is_featured: bool = False, sort: int = 0) -> Row:
    """A category of guest operating systems."""
    return registry.create(tx, world, CATEGORY, name=name, is_featured=is_featured, sort=sort)


def create(tx: Transaction, world: World, *, name: str, category: Row, is_custom: bool = True) -> Row:
    """A guest operating system; `is_custom` tells those that an operator made from the cloud's own."""
    return registry.create(tx, world, TYPE, name=name, os_category_id=category.id, is_custom=is_custom)
