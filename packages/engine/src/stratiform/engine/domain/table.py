"""The table of domains."""

from sqlalchemy import Column, Index, Integer, Text, text

from stratiform.engine.entity import Exact, entity, flag, index, named, reference, unique

domain = entity(
    "domain",
    *named(),
    reference("domain", optional=True, name="parent_id"),
    Column("level", Integer, nullable=False),  # 0 is the root
    Column("path", Exact, nullable=False, unique=True),  # UUIDs from the root, each followed by a slash
    Column("title", Text, nullable=False),  # names from the root, as clients show it: ROOT/sales
    Column("network_domain", Text),
    flag("needs_cleanup"),  # it is being ended: nothing new comes into it
    unique("domain", "parent_id", "name_key"),
    index("domain", "title"),
)
"""The tree of domains; one root, held by an index."""

_ROOT = text("parent_id IS NULL AND removed IS NULL")
Index("domain_root_key", domain.c.level, unique=True, sqlite_where=_ROOT, postgresql_where=_ROOT)
