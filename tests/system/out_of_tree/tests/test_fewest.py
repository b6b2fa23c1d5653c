"""The adviser keeps the contract of placement."""

import pytest

from stratiform.api.testing.placement import PlacementContract
from stratiform.plugins.placement.fewest.adviser import fewest


class TestFewest(PlacementContract):
    @pytest.fixture
    def placement(self):
        return fewest
