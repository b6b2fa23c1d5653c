"""Making, renaming and removing domains."""

from collections.abc import Sequence

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.domain import rules
from stratiform.engine.domain.table import domain
from stratiform.engine.registry import Noun, Row
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(kind="domain", table=domain, event="DOMAIN", within=("parent_id",), names={"EDIT": "DOMAIN.UPDATE"})

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
    """A domain below `parent`; without one it is the root, of which there is one.

    Raises `Conflict` where the parent is being ended.
    """
    clean, own = rules.name(name), uuid or world.ids.uuid()
    above = None if parent is None else hold(tx, parent)
    return registry.create(
        tx,
        world,
        NOUN,
        uuid=own,
        name=clean,
        parent_id=above.id if above else None,
        level=above.level + 1 if above else 0,
        path=f"{above.path if above else ''}{own}/",
        title=f"{above.title}/{clean}" if above else clean,
        network_domain=rules.network_domain(network_domain),
    )


def update(
    tx: Transaction, world: World, row: Row, *, name: str | None = None, network_domain: str | None = None
) -> Row:
    """Rename a domain, which gives every domain below it a new title, or set its network domain."""
    values: dict[str, object] = {}
    if network_domain is not None:
        values["network_domain"] = rules.network_domain(network_domain)
    if name is not None:
        clean = rules.name(name)
        title = row.title.removesuffix(row.name) + clean
        values |= {"name": clean, "title": title}
        below = domain.c.path.startswith(row.path, autoescape=True) & (domain.c.id != row.id)
        rest = sqlalchemy.func.substr(domain.c.title, len(row.title) + 1)
        tx.execute(sqlalchemy.update(domain).where(below).values(title=sqlalchemy.literal(title) + rest))
    return registry.change(tx, NOUN, row, **values)


def hold(tx: Transaction, row: Row) -> Row:
    """The domain as it is, which nobody ends before this transaction is over: something is made in it.

    Raises `NotFound` if it is gone, and `Conflict` if it is being ended.
    """
    live = sqlalchemy.select(domain).where(domain.c.id == row.id, domain.c.removed.is_(None))
    held = tx.execute(live.with_for_update(read=True, key_share=True)).one_or_none()
    if held is None:
        raise errors.NotFound(kind=NOUN.label, key="id", value=row.uuid)
    if held.needs_cleanup:
        raise errors.Conflict(kind=NOUN.label, id=held.uuid, state="being ended", action="making anything in it")
    return held


def tree(tx: Transaction, row: Row) -> Sequence[Row]:
    """The domain and those below it, deepest first, locked: whoever makes something in one is waited for.

    None comes to them before this transaction is over.
    """
    inside = (domain.c.path.startswith(row.path, autoescape=True), domain.c.removed.is_(None))
    locked = sqlalchemy.select(domain).where(*inside).order_by(domain.c.level.desc(), domain.c.id).with_for_update()
    found = tx.execute(locked).all()
    while tx.dialect == "postgresql" and len(more := tx.execute(locked).all()) > len(found):
        found = more  # one was made while its parent's lock was waited for
    return found


def condemn(tx: Transaction, row: Row) -> Row:
    """Let nothing new into a domain, which is `Inactive` until it is removed; twice is as once."""
    return row if row.needs_cleanup else registry.change(tx, NOUN, row, needs_cleanup=True)


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Remove a domain that has no account and no domain in it. The root stays."""
    if row.parent_id is None:
        reason = "the root domain cannot be removed"
        raise check.BadParameter(parameter="id", value=row.uuid, reason=reason)
    tx.execute(sqlalchemy.select(domain.c.id).where(domain.c.id == row.id).with_for_update())
    registry.remove(tx, world, NOUN, row)
