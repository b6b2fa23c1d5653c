"""SSH key pairs: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.events import EventName
from stratiform.api.parameter import LISTING, OWNED, Refused, entity, refused, text
from stratiform.api.view import View, string

_FIELDS = (
    string("id", "the key pair's UUID"),
    string("name", "its name"),
    string("account", "name of the account that it belongs to"),
    string("domainid", "UUID of the account's domain"),
    string("domain", "name of the account's domain"),
    string("fingerprint", "MD5 of the public key"),
)

SSH_KEY_PAIR = View("sshkeypair", _FIELDS)

MADE = View("keypair", (*_FIELDS, string("privatekey", "the private key, which is told this once and kept nowhere")))

_NAME = text("name", "The key pair's name.", required=True)
_OWNER = (
    text("account", "Whose it is; the caller's if left out; needs domainid."),
    entity("domainid", "domain", "The domain of the account whose it is."),
)

create_ssh_key_pair = Command(
    name="createSSHKeyPair",
    description="Makes an SSH key pair and keeps its public half.",
    parameters=(_NAME, *_OWNER),
    refused=refused("projectid"),
    returns=Returns.OBJECT,
    mutates=True,
    event=EventName.REGISTER_SSH_KEYPAIR,
    view=MADE,
    object="keypair",
    kind="ssh_key_pair",
    example={"name": "laptop"},
)

list_ssh_key_pairs = Command(
    name="listSSHKeyPairs",
    description="Lists SSH key pairs.",
    parameters=(
        *LISTING,
        *OWNED,
        entity("id", "ssh_key_pair", "The key pair's UUID."),
        text("name", "The key pair's name."),
        text("fingerprint", "MD5 of the public key."),
    ),
    refused=(Refused("projectid", harmless=("-1",)),),
    returns=Returns.LIST,
    mutates=False,
    view=SSH_KEY_PAIR,
    object="sshkeypair",
    kind="ssh_key_pair",
    example={"name": "laptop"},
)

delete_ssh_key_pair = Command(
    name="deleteSSHKeyPair",
    description="Forgets an SSH key pair; machines that have its public key keep it.",
    parameters=(_NAME, *_OWNER),
    refused=refused("projectid"),
    returns=Returns.SUCCESS,
    mutates=True,
    event=EventName.SSH_KEYPAIR_DELETE,
    kind="ssh_key_pair",
    example={"name": "laptop"},
)
