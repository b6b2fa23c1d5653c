"""The table of SSH key pairs."""

from sqlalchemy import Column, Text

from stratiform.engine.entity import entity, named, reference, unique

ssh_key_pair = entity(
    "ssh_key_pair",
    *named(),
    reference("account"),
    Column("public_key", Text, nullable=False),  # one line as in authorized_keys
    Column("fingerprint", Text, nullable=False),  # MD5 in pairs of digits with colons between, as clients show it
    unique("ssh_key_pair", "account_id", "name_key"),
)
