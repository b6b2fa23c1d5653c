"""What a server looks after once a second beside its jobs: newer configuration, unnumbered events, old secrets."""

import sqlalchemy

from stratiform.framework.config.table import VERSION
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.events.sequencer import Sequencer
from stratiform.framework.events.table import WAITING
from stratiform.server.credential.result import DUE, sweep

_LOOK = sqlalchemy.select(VERSION.scalar_subquery(), WAITING.scalar_subquery(), DUE.scalar_subquery())


class Chores:
    """One of the duties of the kernel's loop; one statement when there is nothing to do."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config

    def look(self) -> None:
        """Read the configuration again if somebody changed it, number new events, forget secrets that were told."""
        with self._database.reading() as connection:
            version, waiting, due = connection.execute(_LOOK).one()
        self._config.refresh(version)
        if waiting:
            with self._database.transaction() as tx:
                Sequencer().number(tx)
        if due is not None and due <= self._database.world.clock.now():
            self._database.run(sweep)
