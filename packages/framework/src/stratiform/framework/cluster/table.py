"""The tables of the cluster: the processes, and how often the database went back in time."""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

metadata = MetaData()
"""The tables of the framework's cluster package."""

process = Table(
    "process",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("heartbeat", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("draining", Boolean, nullable=False),
    Column("figures", Text),  # JSON: what it tells of its queues, as of its last beat
)

generation = Table(
    "generation",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", BigInteger, nullable=False),
)
