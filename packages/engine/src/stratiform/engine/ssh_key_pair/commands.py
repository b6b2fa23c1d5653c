"""The commands on SSH key pairs."""

from stratiform.engine.account.commands import look_after, owner
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.registry import Row, Taken
from stratiform.engine.ssh_key_pair import service
from stratiform.framework.base import errors


def create(call: Call) -> Row | None:
    """Keep the public half, `publickey`, of a pair that was made for the account, with its `fingerprint`.

    Without one nothing is kept: whoever is about to make a pair learns whether it would be, and answers None.
    """
    home, name = _owner(call, "making a key pair for it"), call.text("name")
    if not call.given("publickey"):
        if service.find(call.tx, home, name) is not None:
            raise Taken(kind=service.NOUN.label, key="name", value=name)
        return None
    return service.create(
        call.tx,
        call.world,
        account=home,
        name=name,
        public_key=call.text("publickey"),
        fingerprint=call.text("fingerprint"),
    )


def delete(call: Call) -> None:
    """Forget the key pair of this name."""
    home, name = _owner(call, "changing its key pairs"), call.text("name")
    row = service.find(call.tx, home, name)
    if row is None:
        raise errors.NotFound(kind="SSH key pair", key="name", value=name)
    service.remove(call.tx, call.world, call.lookup("ssh_key_pair", row.uuid))


def _owner(call: Call, action: str) -> Row:
    """The account whose key pairs they are: one that the caller looks after, since they open its machines."""
    row = owner(call, action)
    look_after(call, row, f"{call.command} for the account {row.name}")
    return row


COMMANDS: Commands = {
    "createSSHKeyPair": Change("ssh_key_pair", create),
    "deleteSSHKeyPair": Change("ssh_key_pair", delete),
}
