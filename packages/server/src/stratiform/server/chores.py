"""What a server looks after beside its jobs: newer configuration, unnumbered events, old secrets, what ended."""

from stratiform.framework.config.table import VERSION
from stratiform.framework.config.values import Config
from stratiform.framework.db.database import Database
from stratiform.framework.events.sequencer import Sequencer
from stratiform.framework.events.table import WAITING
from stratiform.framework.jobs.agenda import Agenda
from stratiform.framework.jobs.purge import Purge
from stratiform.server.credential.result import DUE, sweep


class Chores:
    """One of the duties of the kernel's loop, and part of what that asks; two more statements each minute."""

    def __init__(self, database: Database, config: Config, agenda: Agenda) -> None:
        self._database = database
        self._config = config
        self._watched = agenda.watched
        self._purge = Purge(database, config)
        for name, query in (("config", VERSION), ("events", WAITING), ("secrets", DUE)):
            agenda.watch(name, query)

    def look(self) -> None:
        """Read the configuration again if somebody changed it, number new events, forget told secrets and old jobs."""
        self._config.refresh(self._watched["config"])
        if self._watched["events"]:
            with self._database.transaction() as tx:
                Sequencer().number(tx)
        due = self._watched["secrets"]
        if due and due <= self._database.world.clock.now():
            self._database.run(sweep)
        self._purge.look()
