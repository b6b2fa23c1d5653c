"""The table of sessions; nothing in it lets anybody in, since token and key lie there only as their hashes."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, Text

from stratiform.engine.schema import account_user

metadata = MetaData()
"""The tables of sessions."""

session = Table(
    "session",
    metadata,
    Column("token", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("user_id", BigInteger, ForeignKey(account_user.c.id), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),  # at most so much behind as `store.AT_MOST` allows
    Column("expires", BigInteger, nullable=False),  # not good from then on
    Index("session_expires", "expires"),
    Index("session_user", "user_id"),
)
