"""Identifiers: version 7 UUIDs, which sort by time and survive a restored database."""

import random
import uuid

from stratiform.framework.base.clock import Clock


class Ids:
    """Makes identifiers from a clock and a source of randomness, so that a simulation can repeat them."""

    def __init__(self, clock: Clock, source: random.Random) -> None:
        self._clock = clock
        self._source = source

    def uuid(self) -> str:
        """A version 7 UUID (RFC 9562): 48 bits of milliseconds, the rest random."""
        milliseconds = self._clock.now() // 1000
        value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | self._source.getrandbits(12) << 64
        return str(uuid.UUID(int=value | 0b10 << 62 | self._source.getrandbits(62)))
