"""The framework's tests use the fixtures that it ships."""

import pytest
from hypothesis import settings

from stratiform.framework import context
from stratiform.framework.testing.fixtures import clock, database, database_url, layers, world

__all__ = ["clock", "database", "database_url", "layers", "somebody", "world"]


settings.register_profile("framework", deadline=None)  # a busy machine is no failure
settings.load_profile("framework")


@pytest.fixture
def somebody(world):
    """A context to do something in."""
    return context.begin(world.ids, "principal-1")
