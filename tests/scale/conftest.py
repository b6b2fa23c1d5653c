"""What the tests of killed processes share with those of whole systems."""

from tests.system.running import quickstart

__all__ = ["quickstart"]
