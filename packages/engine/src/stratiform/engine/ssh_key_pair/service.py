"""Keeping and removing the public keys of SSH key pairs."""

from stratiform.engine import registry
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


def remove(tx: Transaction, world: World, row: Row) -> None:
    """Forget a key pair; machines that have its public key keep it."""
    registry.remove(tx, world, NOUN, row)
