"""The tables of credentials; nothing in them proves anything without the key ring, which lies elsewhere."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, MetaData, Table, Text, text

from stratiform.engine.schema import account_user

metadata = MetaData()
"""The tables of the server."""

_LIVE = text("removed IS NULL")

user_key = Table(
    "user_key",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("uuid", Text, nullable=False, unique=True),
    Column("user_id", BigInteger, ForeignKey(account_user.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("api_key", Text, nullable=False, unique=True),
    Column("secret", Text, nullable=False),  # sealed for user_key/UUID
    Column("starts", BigInteger),  # not used before
    Column("ends", BigInteger),  # nor from then on
    Column("created", BigInteger, nullable=False),
    Column("removed", BigInteger),
    Index("user_key_user", "user_id", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
)
"""Key pairs; a user may have several."""

user_password = Table(
    "user_password",
    metadata,
    Column("user_id", BigInteger, ForeignKey(account_user.c.id), primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),  # in the authenticator's own words
    Column("changed", BigInteger, nullable=False),
)

job_secret = Table(
    "job_secret",
    metadata,
    Column("job", Text, primary_key=True),  # its UUID
    Column("owner", Text, nullable=False),  # UUID of the user who asked for the job, and is told
    Column("sealed", Text, nullable=False),  # sealed for job/UUID
    Column("until", BigInteger, nullable=False),  # told until then, and forgotten
    Index("job_secret_until", "until"),
)
"""The secret part of what jobs came to."""
