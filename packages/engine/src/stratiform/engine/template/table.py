"""The table of templates."""

from sqlalchemy import BigInteger, Column, Integer, Text

from stratiform.engine.entity import count, entity, flag, index, named, reference

template = entity(
    "template",
    *named(),
    Column("display_text", Text, nullable=False),
    reference("account"),
    reference("zone", optional=True, along=True),  # None is in every zone
    reference("os_type"),
    Column("hypervisor", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("arch", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("checksum", Text),
    Column("tag", Text),
    Column("bits", Integer, nullable=False),
    Column("details", Text),  # a JSON object of texts
    Column("state", Text, nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes of the disk that is made from it
    count("size_there"),  # bytes of the image itself
    flag("is_public"),
    flag("is_featured"),
    flag("is_extractable"),
    flag("is_password_enabled"),
    flag("is_ssh_key_enabled"),
    flag("is_scalable"),
    flag("requires_hvm", default=True),
    index("template", "account_id", "id"),
    index("template", "name_key"),
)
"""Names may repeat, as clients expect."""
