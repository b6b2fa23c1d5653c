"""The framework's tables as a layer: their declarations, their version and their migrations."""

from stratiform.framework.agents import table as agents
from stratiform.framework.cluster import table as cluster
from stratiform.framework.config import table as config
from stratiform.framework.db import sequence
from stratiform.framework.db.migrate import Layer
from stratiform.framework.events import table as events
from stratiform.framework.jobs.token import token

FRAMEWORK = Layer(
    name="framework",
    package="stratiform.framework.schema",
    metadata=(
        sequence.metadata,
        config.metadata,
        events.metadata,
        cluster.metadata,
        token.metadata,  # with all that jobs have
        agents.metadata,
    ),
    version=1,
    oldest=1,
)
"""The framework's own tables; every other layer comes after it."""
