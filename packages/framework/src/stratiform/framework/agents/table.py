"""The table of resources: what is reached through a channel, and whether it answers."""

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

metadata = MetaData()
"""The tables of the framework's agents package."""

resource = Table(
    "resource",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # what it is to whoever registered it, for example host
    Column("transport", Text, nullable=False),
    Column("address", Text, nullable=False),  # of its far end, in the words of the transport
    Column("location", Text, nullable=False),  # where the far end finds it, in the words of its plug-in
    Column("state", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),  # when it came into this state
    Column("last_seen", BigInteger),  # its last answer before that
)
