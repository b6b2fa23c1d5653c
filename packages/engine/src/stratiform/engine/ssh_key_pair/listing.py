"""The list of SSH key pairs."""

from stratiform.engine.account.table import account
from stratiform.engine.domain.table import domain
from stratiform.engine.listing import Listing, mine, named, owner
from stratiform.engine.ssh_key_pair.table import ssh_key_pair
from stratiform.engine.visible import Binding

LISTING = Listing(
    kind="ssh_key_pair",
    table=ssh_key_pair,
    joins=owner(ssh_key_pair, account, domain),
    columns={
        "id": ssh_key_pair.c.uuid,
        "name": ssh_key_pair.c.name,
        "account": account.c.name,
        "domainid": domain.c.uuid,
        "domain": domain.c.name,
        "fingerprint": ssh_key_pair.c.fingerprint,
    },
    times=frozenset(),
    filters={"name": named(ssh_key_pair), "fingerprint": ssh_key_pair.c.fingerprint},
    keyword=[ssh_key_pair.c.name_key],
    binding=Binding(
        table=ssh_key_pair,
        owner=account.c.uuid,
        owner_key=ssh_key_pair.c.account_id,
        scope=domain.c.path,
    ),
    own=mine,
)
