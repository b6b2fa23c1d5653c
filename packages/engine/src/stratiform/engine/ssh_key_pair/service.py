"""Keeping and removing the public keys of SSH key pairs."""

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.entity import name_key
from stratiform.engine.registry import Noun, Row
from stratiform.engine.ssh_key_pair.table import ssh_key_pair
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction

NOUN = Noun(
    kind="ssh_key_pair",
    table=ssh_key_pair,
    event="SSH.KEYPAIR",
    within=("account_id",),
    names={"CREATE": "REGISTER.SSH.KEYPAIR"},
)


def create(tx: Transaction, world: World, *, account: Row, name: str, public_key: str, fingerprint: str) -> Row:
    """A key pair of an account, under a name that none of its others has."""
    return registry.create(
        tx, world, NOUN, name=name, account_id=account.id, public_key=public_key, fingerprint=fingerprint
    )


def find(tx: Transaction, account: Row, name: str) -> Row | None:
    """The key pair of an account with this name, compared as names are. Raises `BadParameter` for what is no name."""
    same = (
        ssh_key_pair.c.account_id == account.id,
        ssh_key_pair.c.name_key == name_key(check.name("name", name)),
        ssh_key_pair.c.removed.is_(None),
    )
    return tx.execute(sqlalchemy.select(ssh_key_pair).where(*same)).one_or_none()


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Forget a key pair; machines that have its public key keep it."""
    registry.remove(tx, world, NOUN, row)
