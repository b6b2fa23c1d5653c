"""What the tests of many hosts share with those of whole systems."""

from tests.system.running import quickstart

__all__ = ["quickstart"]
