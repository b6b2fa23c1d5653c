"""What a server looks after beside its jobs: newer configuration, unnumbered events, old secrets, what ended."""

import sqlalchemy

from stratiform.framework.config.table import VERSION
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.events.sequencer import Sequencer
from stratiform.framework.events.table import WAITING
from stratiform.framework.jobs.purge import Purge
from stratiform.server.credential.result import DUE, sweep

_LOOK = sqlalchemy.select(VERSION.scalar_subquery(), WAITING.scalar_subquery(), DUE.scalar_subquery())


class Chores:
    """One of the duties of the kernel's loop; one statement when there is nothing to do, and two more each minute."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._config = config
        self._purge = Purge(database, config)

    def look(self) -> None:
        """Read the configuration again if somebody changed it, number new events, forget told secrets and old jobs."""
        with self._database.reading() as connection:
            version, waiting, due = connection.execute(_LOOK).one()
        self._config.refresh(version)
        if waiting:
            with self._database.transaction() as tx:
                Sequencer().number(tx)
        if due is not None and due <= self._database.world.clock.now():
            self._database.run(sweep)
        self._purge.look()
