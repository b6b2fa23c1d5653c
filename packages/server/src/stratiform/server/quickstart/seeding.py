"""Seeding: the steps of a new zone, one after the other, and the keys to it."""

import secrets
import shlex
from collections.abc import Callable
from functools import partial

import msgspec
import sqlalchemy

from stratiform.engine.schema import account_user
from stratiform.framework import context
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.work import Work
from stratiform.server.bootstrap import Server
from stratiform.server.console.option import default_data
from stratiform.server.console.progress import Progress
from stratiform.server.credential.key import KeyPair
from stratiform.server.foreground import Ending
from stratiform.server.quickstart import waiting, zone
from stratiform.server.quickstart.home import Card, Home

PRINCIPAL = "system:quickstart"
"""On whose behalf the zone is made: nobody has signed in yet."""
ADMIN = "admin"
HOSTS = 4
"""Hosts of a new cloud, unless somebody says how many."""
BATCH = 100
"""Hosts that are added in one transaction."""
PASSWORD_BYTES = 15


class Seeding:
    """Makes the zone of a running server, unless it is there."""

    def __init__(self, server: Server, home: Home, ending: Ending, progress: Progress) -> None:
        self._server = server
        self._home = home
        self._ending = ending
        self._progress = progress

    def run(self, hosts: int | None) -> Card:
        """Go on from wherever an earlier run was; answers what was kept, with the url of now.

        A cloud that was ready once is left as its operators made it; only `hosts` that are missing are added.
        Raises `Failed`, `Late` or `Ended`.
        """
        card = self._home.card()
        is_ready = card is not None and self._server.keys.find(card.apikey) is not None
        with context.use(context.begin(self._server.world.ids, PRINCIPAL)):
            if not is_ready:
                self._do("Zone, pods and clusters", zone.ground)
            if hosts or not is_ready:
                self._hosts(hosts or HOSTS)
            if not is_ready:
                self._storage()
                self._do("Shared network", zone.network)
                self._do("Template", zone.template)
                self._do("Zone open for tenants", zone.opening)
        url = f"http://{self._server.settings.host}:{self._server.serving.port}/client/api"
        with self._progress.step("Keys"):
            card = msgspec.structs.replace(card, url=url) if card and is_ready else self._card(url)
            self._home.keep(card)
        return card

    def _do(self, title: str, step: Callable[[Work], None]) -> None:
        self._ending.check()
        with self._progress.step(title):
            self._server.kernel.run(step)

    def _hosts(self, count: int) -> None:
        with self._progress.step(f"{count} simulated hosts, connected") as tell:
            for first in range(1, count + 1, BATCH):
                self._ending.check()
                numbers = range(first, min(first + BATCH, count + 1))
                self._server.kernel.run(partial(zone.hosts, numbers=numbers))
                tell(f"{numbers[-1]} added")
            self._wait(waiting.HOSTS, tell)

    def _storage(self) -> None:
        self._ending.check()
        with self._progress.step("Primary storage for each cluster, attached, and secondary storage") as tell:
            self._server.kernel.run(zone.storage)
            self._wait(waiting.POOLS, tell)

    def _wait(self, pending: waiting.Pending, tell: Callable[[str], None]) -> None:
        waiting.wait(self._server.database, pending, self._ending, tell, self._look)

    def _look(self, job: str) -> str:
        """The command that shows a job."""
        data = self._home.path
        where = [] if data == default_data() else ["--data", str(data)]
        if self._server.settings.database:
            where += ["--database", sqlalchemy.make_url(self._server.settings.database).render_as_string()]
        return shlex.join(["stratiform", "job", "show", job, *where])

    def _card(self, url: str) -> Card:
        """New keys, or those that an earlier run issued and could not show; the password is new."""
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        prepared = self._server.passwords.prepare(password)
        pair = self._server.database.run(partial(self._enter, prepared=prepared))
        return Card(url=url, apikey=pair.api_key, secretkey=pair.secret, username=ADMIN, password=password)

    def _enter(self, tx: Transaction, prepared: str) -> KeyPair:
        is_admin = (account_user.c.name == ADMIN, account_user.c.removed.is_(None))
        user = tx.connection.execute(
            sqlalchemy.select(account_user.c.uuid).where(*is_admin).order_by(account_user.c.id).limit(1)
        ).scalar_one()
        self._server.passwords.keep(tx, user, prepared)
        keys = self._server.keys
        return keys.newest(tx.connection, user) or keys.issue(tx, user, name="quickstart")
