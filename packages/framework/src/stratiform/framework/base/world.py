"""Everything that makes two runs differ, in one value that is given to whoever needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random, SystemRandom
from typing import Protocol

from stratiform.framework.base.clock import Clock, SystemClock
from stratiform.framework.base.ids import Ids
from stratiform.framework.base.threads import SystemThreads, Threads
from stratiform.framework.base.transport import Transport


class Store(Protocol):
    """Opens connections to databases; a simulation wraps them to lose them at chosen moments."""

    def connect(self, url: str) -> object:
        """A DBAPI connection to the database at the SQLAlchemy URL `url`, with its own BEGIN switched off."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Time, randomness, identifiers, threads and wake-ups, store and host transports.

    Code takes these from the world it is given and from nowhere else, so that a whole cloud can run in one
    simulated process.
    """

    store: Store
    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=SystemRandom)
    threads: Threads = field(default_factory=SystemThreads)
    transports: Mapping[str, Transport] = field(default_factory=dict)

    @property
    def ids(self) -> Ids:
        """Identifiers made from this world's clock and randomness."""
        return Ids(self.clock, self.random)
