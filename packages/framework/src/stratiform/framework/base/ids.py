"""Identifiers: version 7 UUIDs, which sort by time and survive a restored database."""

import random

from stratiform.framework.base.clock import Clock


class Ids:
    """Makes identifiers from a clock and a source of randomness, so that a simulation can repeat them."""

    def __init__(self, clock: Clock, source: random.Random) -> None:
        self._clock = clock
        self._source = source

    def uuid(self) -> str:
        """A version 7 UUID (RFC 9562): 48 bits of milliseconds, the rest random."""
        milliseconds = self._clock.now() // 1000
        chance = self._source.getrandbits(74)  # at once: the system's randomness is a call to the system
        value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | chance >> 62 << 64
        digits = f"{value | 0b10 << 62 | chance & (1 << 62) - 1:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
