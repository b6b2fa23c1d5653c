"""The commands on SSH key pairs."""

import sqlalchemy

from stratiform.engine.account.commands import owner
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.entity import name_key
from stratiform.engine.registry import Row
from stratiform.engine.ssh_key_pair import service
from stratiform.engine.ssh_key_pair.table import ssh_key_pair
from stratiform.framework.base import errors


def create(call: Call) -> Row:
    """Keep the public half, `publickey`, of a pair that was made for the account, with its `fingerprint`."""
    return service.create(
        call.tx,
        call.world,
        account=owner(call, "making a key pair for it"),
        name=call.text("name"),
        public_key=call.text("publickey"),
        fingerprint=call.text("fingerprint"),
    )


def delete(call: Call) -> None:
    """Forget the key pair of this name."""
    home, name = owner(call, "changing its key pairs"), call.text("name")
    same = (
        ssh_key_pair.c.account_id == home.id,
        ssh_key_pair.c.name_key == name_key(name),
        ssh_key_pair.c.removed.is_(None),
    )
    uuid = call.tx.connection.execute(sqlalchemy.select(ssh_key_pair.c.uuid).where(*same)).scalar_one_or_none()
    if uuid is None:
        raise errors.NotFound(kind="SSH key pair", key="name", value=name)
    service.remove(call.tx, call.world, call.lookup("ssh_key_pair", uuid))


COMMANDS: Commands = {
    "createSSHKeyPair": Change("ssh_key_pair", create),
    "deleteSSHKeyPair": Change("ssh_key_pair", delete),
}
