"""This engine as the server finds it: by the entry point `stratiform.engine`, like everything that is loaded."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from stratiform.api.access import Access
from stratiform.engine.catalogue import LISTINGS
from stratiform.engine.cloud import Engine
from stratiform.engine.command import Commands, jobs
from stratiform.engine.history import History
from stratiform.engine.program import COMMANDS, JOBS, LANES, STAGES
from stratiform.engine.queue.service import Queues
from stratiform.engine.schema import LAYER
from stratiform.engine.scope import Scopes
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.kind import Registry


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a server needs of an engine."""

    order: int
    layer: Layer
    """Its tables."""
    commands: Commands
    """What the commands do that change anything."""

    def extended(self, commands: Commands) -> Self:
        """With further commands, which whoever composes it carries out."""
        return replace(self, commands={**self.commands, **commands})

    @cached_property
    def registry(self) -> Registry:
        """Its jobs, stages and lanes."""
        filed = [job for _, job in jobs(self.commands).values() if job not in JOBS]
        return Registry(jobs=[*JOBS, *filed], stages=STAGES, lanes=LANES)

    def config(self, database: Database) -> Config:
        """Configuration along its chain of scopes."""
        return Config(database, Scopes(database).parent)

    def cloud(self, kernel: Kernel, gate: Access) -> Engine:
        """Its lists, changes and work, as the gate lets them be seen and used."""
        return Engine(kernel.database, gate, listings=LISTINGS, commands=self.commands, kernel=kernel)

    def queues(self, database: Database, gate: Access) -> Queues:
        """What of the queues takes more than a list."""
        return Queues(database, gate, self.registry)

    def history(self, database: Database, gate: Access) -> History:
        """The jobs of commands, as the gate lets them be seen."""
        return History(database, gate, {kind: command for kind, (command, _) in jobs(self.commands).items()})


program = Program(order=100, layer=LAYER, commands=COMMANDS)
