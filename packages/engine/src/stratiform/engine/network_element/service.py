"""The elements behind network service providers: made with them, and switched on before them."""

import sqlalchemy

from stratiform.engine import registry
from stratiform.engine.network_element.table import network_element
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(
    kind="network_element",
    table=network_element,
    event="NETWORK.ELEMENT",
    name=None,
    within=None,
    names={"EDIT": "NETWORK.ELEMENT.CONFIGURE"},
)


def create(tx: Transaction, world: World, *, provider: Row) -> Row:
    """The element behind a provider, switched off."""
    return registry.create(tx, world, NOUN, service_provider_id=provider.id, type=provider.provider)


def configure(tx: Transaction, row: Row, *, is_enabled: bool) -> Row:
    """Switch an element on or off; does nothing if it is so already."""
    return row if row.is_enabled is is_enabled else registry.change(tx, NOUN, row, is_enabled=is_enabled)


def is_ready(tx: Transaction, provider: Row) -> bool:
    """Whether the element behind a provider is switched on, and stays so while this transaction lasts."""
    live = (network_element.c.service_provider_id == provider.id, network_element.c.removed.is_(None))
    found = sqlalchemy.select(network_element.c.is_enabled).where(*live).with_for_update(read=True)
    return bool(tx.connection.execute(found).scalar_one_or_none())
