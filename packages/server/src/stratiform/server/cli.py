"""The command line: `stratiform quickstart`, `server`, `migrate`, `admin`, `job`, `stage`, `lane` and `share`."""

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from stratiform.framework.cluster import epoch
from stratiform.framework.cluster.alone import alone
from stratiform.framework.db.database import Database
from stratiform.framework.telemetry import logs
from stratiform.server import bootstrap
from stratiform.server.bootstrap import Settings
from stratiform.server.console import option, queue, steer
from stratiform.server.console.admin import admin
from stratiform.server.console.failure import OneLine
from stratiform.server.console.job import jobs
from stratiform.server.console.progress import Progress
from stratiform.server.console.share import share
from stratiform.server.foreground import Ending, composed, serve
from stratiform.server.quickstart import run as quick
from stratiform.server.quickstart.home import Card, Home

PORTS = click.IntRange(0, 65535)


@click.group(cls=OneLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="stratiform-server")
def main() -> None:
    """Stratiform turns hypervisor hosts, storage and networks into a cloud with CloudStack's API."""


main.add_command(jobs)
steer.add_to(jobs)
main.add_command(queue.stage)
main.add_command(queue.lane)
main.add_command(share)
main.add_command(admin)


@main.command()
@option.data
@click.option("--database", default="", metavar="URL", help="Its own PostgreSQL.  [default: a file in the directory]")
@click.option("--port", type=PORTS, help="0 picks any.  [default: 8080, or any if it is taken]")
@click.option("--hosts", type=click.IntRange(1, 10_000), help="Simulated hosts in all.  [default: 4]")
@click.option("--fresh", is_flag=True, help="Remove everything in the directory first, if it is a quickstart's.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when ready: url, keys, user, password.")
def quickstart(data: Path, database: str, port: int | None, hosts: int | None, fresh: bool, as_json: bool) -> None:
    """A cloud on this machine, in one process, with simulated hosts. Started again, it goes on."""

    def show(card: Card) -> None:
        click.echo(msgspec.json.encode(card) if as_json else _welcome(card, home))
        sys.stdout.flush()

    home = Home(data)
    progress = Progress(Console(stderr=True))
    quick.run(home, database=database, hosts=hosts, port=port, fresh=fresh, progress=progress, show=show)


@main.command()
@option.data
@option.database
@click.option("--host", default=Settings.host, show_default=True, help="Address to listen on.")
@click.option("--port", type=PORTS, default=Settings.port, show_default=True, help="0 picks any.")
@click.option("--threads", type=click.IntRange(1), default=Settings.threads, show_default=True, help="For HTTP.")
@click.option("--integration-port", type=PORTS, default=0, help="Everything for anybody on this machine; 0 is off.")
@click.option("--json-logs", is_flag=True, help="Log in JSON, a line for each event.")
def server(
    data: Path, database: str, host: str, port: int, threads: int, integration_port: int, json_logs: bool
) -> None:
    """One server of a cloud; as many as you like work together on one PostgreSQL database."""
    logs.configure(sys.stderr, logs.Format.JSON if json_logs else logs.Format.CONSOLE, "info")
    settings = Settings(
        data=data, database=database, host=host, port=port, threads=threads, integration_port=integration_port
    )
    option.require(settings, ring=True)
    with Ending() as ending:
        running = composed(settings)
        running.start()
        try:
            click.echo(f"http://{host}:{running.serving.port}/client/api")
            serve(running, ending)
        finally:
            running.stop()


@main.command()
@option.data
@option.database
@click.option("--restored", is_flag=True, help="The database is a backup: begin epochs above all earlier ones.")
def migrate(data: Path, database: str, restored: bool) -> None:
    """Make or update the tables and the key ring of a server. Does nothing where nothing is to do."""
    settings = Settings(data=data, database=database)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    bootstrap.prepare(settings)
    click.echo("The tables and the key ring are up to date.")
    if restored:
        click.echo(f"The database is now in generation {_raise(settings)}.")


def _raise(settings: Settings) -> int:
    lock = alone(settings.file) if settings.file else None
    database = Database(settings.url, bootstrap.world())
    try:
        return database.run(epoch.raise_generation)
    finally:
        database.close()
        if lock is not None:
            lock.release()


def _welcome(card: Card, home: Home) -> str:
    return f"""
Stratiform listens at {card.url}

  API key     {card.apikey}
  secret key  {card.secretkey}
  user        {card.username}
  password    {card.password}

Data and log are in {home.path}. Ctrl-C ends the server; the simulated hosts go on."""


if __name__ == "__main__":
    main()
