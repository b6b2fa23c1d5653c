"""Making, renaming and removing domains."""

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.domain.table import domain
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="domain", table=domain, event="DOMAIN", within=("parent_id",))

ROOT = "ROOT"


def create(
    tx: Transaction,
    world: World,
    *,
    name: str,
    parent: Row | None,
    network_domain: str | None = None,
    uuid: str | None = None,
) -> Row:
    """A domain below `parent`; without one it is the root, of which there is one."""
    clean = _name(name)
    own = uuid or world.ids.uuid()
    return registry.create(
        tx,
        world,
        NOUN,
        uuid=own,
        name=clean,
        parent_id=parent.id if parent else None,
        level=parent.level + 1 if parent else 0,
        path=f"{parent.path if parent else ''}{own}/",
        title=f"{parent.title}/{clean}" if parent else clean,
        network_domain=network_domain,
    )


def update(
    tx: Transaction, world: World, row: Row, *, name: str | None = None, network_domain: str | None = None
) -> Row:
    """Rename a domain, which gives every domain below it a new title, or set its network domain."""
    values: dict[str, object] = {} if network_domain is None else {"network_domain": network_domain}
    if name is not None:
        clean = _name(name)
        title = row.title.removesuffix(row.name) + clean
        values |= {"name": clean, "title": title}
        below = domain.c.path.startswith(row.path, autoescape=True) & (domain.c.id != row.id)
        rest = sqlalchemy.func.substr(domain.c.title, len(row.title) + 1)
        tx.execute(sqlalchemy.update(domain).where(below).values(title=sqlalchemy.literal(title) + rest))
    return registry.change(tx, NOUN, row, **values)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a domain that has no account and no domain in it."""
    registry.remove(tx, world, NOUN, row)


def _name(name: str) -> str:
    clean = check.name("name", name)
    if "/" in clean:
        raise check.BadParameter(parameter="name", value=name, reason="it has no slash, which separates domains")
    return clean
