"""A quickstart: from nothing, or from wherever an earlier one was, to a cloud that answers."""

import socket
from collections.abc import Callable
from contextlib import ExitStack

from stratiform.api.adapters.hypervisor import HypervisorProvider
from stratiform.framework import plugins
from stratiform.framework.base import errors
from stratiform.framework.cluster.alone import alone
from stratiform.framework.telemetry import logs
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.console.progress import Progress
from stratiform.server.foreground import Ending, composed, serve
from stratiform.server.quickstart.home import DATABASE, Card, Home
from stratiform.server.quickstart.seeding import Seeding

PORT = 8080
LOCAL = "127.0.0.1"


class NotEmptied(errors.Error):
    """--fresh empties a directory, not a database server. Drop the database's schema yourself, or name another one."""

    code = "database_not_emptied"


def run(
    home: Home,
    *,
    database: str,
    hosts: int | None,
    port: int | None,
    fresh: bool,
    progress: Progress,
    show: Callable[[Card], None],
) -> None:
    """Bring the cloud of a directory up, `show` how it is used, and answer until the end is asked for.

    The log goes to a file of the directory. Killed at any moment and called again it goes on; `hosts` are added
    to those that there are. `database` is a URL, empty for a file in the directory.
    Raises `NotOurs`, `NotEmptied`, `AlreadyRunning`, `CannotListen`, `Ended`, and what seeding raises.
    """
    with Ending() as ending:
        if fresh and database:
            raise NotEmptied
        if fresh:
            with progress.step(f"Everything removed from {home.path}"):
                home.empty(each.plugin for each in plugins.load("stratiform.hypervisor", HypervisorProvider))
        home.claim()
        card = home.card()
        with ExitStack() as left, home.log.open("a", buffering=1) as log:
            if database:  # a file is locked by whoever uses it
                left.callback(alone(home.path / DATABASE).release)
            logs.configure(log, logs.Format.CONSOLE, "info")
            settings = Settings(
                data=home.path, database=database, host=LOCAL, port=_port(port, card), name="quickstart"
            )
            with progress.step("Database and key ring"):
                bootstrap.prepare(settings)
            server = composed(settings)
            with progress.step("Simulator"):
                server.start()
            try:
                show(Seeding(server, home, ending, progress).run(hosts))
                serve(server, ending)
            finally:
                server.stop()


def _port(wanted: int | None, card: Card | None) -> int:
    """The port that is wanted; if none is, the one that is known from before or the usual one, or any free one."""
    if wanted:
        return wanted
    known = card.port if card else (PORT if wanted is None else 0)
    try:
        socket.create_server((LOCAL, known)).close()
    except OSError:
        return 0
    return known
