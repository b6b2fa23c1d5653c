"""The one composition root: everything that a server is made of, built and wired here and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy

import stratiform
from stratiform.api import registry
from stratiform.api.access import Access
from stratiform.api.adapters.authenticator import Authenticator
from stratiform.api.adapters.hypervisor import HypervisorProvider
from stratiform.api.adapters.placement import Placement
from stratiform.engine import api as engine
from stratiform.framework import context, plugins
from stratiform.framework.agents.channel import Channel
from stratiform.framework.agents.monitor import Monitor
from stratiform.framework.agents.socket import SocketTransport
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Invalid
from stratiform.framework.base.threads import SystemThreads
from stratiform.framework.base.world import World
from stratiform.framework.cluster.alone import Alone, alone
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.config import catalogue
from stratiform.framework.config.values import Config
from stratiform.framework.db import migrate
from stratiform.framework.db.database import Database
from stratiform.framework.db.migrate import Layer
from stratiform.framework.db.store import DriverStore
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.secrets import KeyRing, Unreadable
from stratiform.server import app, integration, schema, telemetry
from stratiform.server.chores import Chores
from stratiform.server.configuration import Configuration
from stratiform.server.credential.commands import extended
from stratiform.server.credential.credentials import Credentials
from stratiform.server.credential.effort import Effort
from stratiform.server.credential.key import Keys
from stratiform.server.credential.password import Passwords
from stratiform.server.credential.result import SealedResults
from stratiform.server.credential.sweep import Sweep
from stratiform.server.door import ENFORCE, Front
from stratiform.server.handlers import session
from stratiform.server.handlers.call import Services
from stratiform.server.patience import Patience
from stratiform.server.serving import Serving
from stratiform.server.session.login import Logins
from stratiform.server.session.store import Sessions, end_all
from stratiform.server.token import Tokens
from stratiform.server.traffic import Requests

ENGINE = "native"
"""The engine that is loaded, of those installed."""


def layers() -> Sequence[Layer]:
    """Every layer with tables, lowest first."""
    return FRAMEWORK, _program().layer, schema.LAYER


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is decided before there is a database to ask."""

    data: Path
    """A directory of this server's own: key ring, lock, and the embedded database."""
    database: str = ""
    """SQLAlchemy URL; empty is the SQLite file in `data`."""
    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes any that is free."""
    threads: int = 8
    """Threads that answer HTTP requests."""
    integration_port: int = 0
    """Where anybody on this machine may do everything without proof of who it is; 0 is nowhere."""
    name: str = "server"
    access: str = "static"
    authenticator: str = "database"

    @property
    def url(self) -> str:
        """Where the database is."""
        return self.database or f"sqlite:///{self.data / 'stratiform.db'}"

    @property
    def file(self) -> Path | None:
        """The file of an embedded database; None for one that has a server of its own."""
        url = sqlalchemy.make_url(self.url)
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def ring(self) -> Path:
        """The file with the keys that secrets are sealed with."""
        return self.data / "keys.json"


@dataclass(kw_only=True)
class Server:
    """A whole server in this process. `start` makes it work; `serving.run()` then answers until `stop`."""

    settings: Settings
    world: World
    database: Database
    config: Config
    kernel: Kernel
    channel: Channel
    monitor: Monitor
    tools: engine.Tools
    cloud: engine.Engine
    keys: Keys
    passwords: Passwords
    serving: Serving
    integration: Serving | None
    """What serves the integration port; None if it is off."""
    lock: Alone | None

    def start(self) -> None:
        """Become a member, take over what dead servers left, and begin to work on jobs."""
        for provider in self.tools.hypervisors.values():
            provider.prepare(self.settings.data)
        self.kernel.join()
        self.channel.tend(self.monitor.links())
        self.kernel.start()

    def stop(self) -> None:
        """Stop working; commands under way on hosts are taken over by whoever starts next."""
        self.kernel.stop()
        self.channel.close()
        if self.kernel.meter.tracer is not None:
            self.kernel.meter.tracer.close()
        self.database.close()
        if self.lock is not None:
            self.lock.release()


def world() -> World:
    """The real world of a server: the machine's clock, randomness and threads, and sockets to hosts."""
    threads, clock = SystemThreads(), SystemClock()
    return World(
        store=DriverStore(), clock=clock, threads=threads, transports={"socket": SocketTransport(threads, clock)}
    )


def prepare(settings: Settings) -> None:
    """Make the directory, the key ring and the tables of a new server, or bring older ones up to date.

    A new cloud gets what clients expect of an empty one; nobody can sign in until somebody gives the
    administrator credentials. May be called any number of times, by several servers at once.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    if not settings.ring.exists():
        try:
            KeyRing.create(settings.ring)
        except Unreadable:
            if not settings.ring.exists():  # else another server was quicker
                raise
    database = Database(settings.url, world())
    migrate.upgrade(database, layers())
    _seed(database)
    database.close()


def _seed(database: Database) -> None:
    with context.use(context.begin(database.world.ids, "system:setup")):
        try:
            database.run(lambda tx: engine.seed(tx, database.world))
        except Invalid:  # another server seeds it at this instant: then there is nothing left to do
            database.run(lambda tx: engine.seed(tx, database.world))


def compose(settings: Settings) -> Server:
    """A server that is not started yet. Raises `SchemaTooOld` or `SchemaTooNew`, and what a broken plug-in raises."""
    outside = world()
    lock = alone(settings.file) if settings.file else None
    database = Database(settings.url, outside)
    migrate.check(database, layers())
    gate = plugins.one("stratiform.access", settings.access, Access).plugin
    plain = _program()
    config = plain.config(database)
    ring = KeyRing.load(settings.ring)
    credentials = _credentials(settings, database, ring, config)
    program = extended(plain, credentials)
    tools = _tools(settings, config)
    channel = Channel(outside)
    kernel = Kernel(
        world=outside,
        database=database,
        registry=program.registry,
        membership=Membership(database, outside, settings.name, alone=lock),
        provide=[tools, channel],
    )
    channel.told = telemetry.teller(kernel.meter, outside.clock)
    monitor = Monitor(outside, database, channel, config, engine.watch(kernel))
    kernel.duties += [channel.tend, monitor.look, Chores(database, config, kernel.agenda).look]
    cloud = program.cloud(kernel, gate)
    configuration = Configuration(config, database, gate, catalogue.declared(stratiform))
    tokens = Tokens(database, ring, configuration)
    services = Services(
        commands=registry.collect(),
        cloud=cloud,
        jobs=program.history(database, gate),
        access=gate,
        patience=Patience(settings.threads),
        config=configuration,
        credentials=credentials,
        tokens=tokens,
        hypervisors=sorted(tools.hypervisors),
        plans=engine.Plans(database, gate, tools),
        queues=program.queues(database, gate),
    )
    sessions = Sessions(database, config)
    kernel.duties += [sessions.sweep, Sweep(database, credentials).look, tokens.sweep]
    requests = Requests(outside.clock)
    dispatcher = app.dispatcher(services, outside, requests)
    front = _front(services, sessions, database, outside, config)
    serving = Serving(
        app.make(dispatcher, front),
        settings.host,
        settings.port,
        settings.threads,
        refuse=lambda error, asked: dispatcher.refuse(error, asked, front),
    )
    telemetry.tell(kernel, channel, monitor, requests, lambda: serving.queue)
    kernel.meter.tracer = requests.tracer = telemetry.tracer(config, settings.name)
    page = telemetry.page(
        database=database,
        config=config,
        meter=kernel.meter,
        registry=program.registry,
        membership=kernel.membership,
        requests=requests,
        queue=lambda: serving.queue,
    )
    return Server(
        settings=settings,
        world=outside,
        database=database,
        config=config,
        kernel=kernel,
        channel=channel,
        monitor=monitor,
        tools=tools,
        cloud=cloud,
        keys=credentials.keys,
        passwords=credentials.passwords,
        serving=serving,
        integration=integration.serve(dispatcher, database, settings.integration_port, page)
        if settings.integration_port
        else None,
        lock=lock,
    )


def _credentials(settings: Settings, database: Database, ring: KeyRing, config: Config) -> Credentials:
    """What proves who somebody is, sealed with this cloud's keys."""
    authenticator = plugins.one("stratiform.authenticator", settings.authenticator, Authenticator).plugin
    effort = Effort(settings.threads)
    return Credentials(
        keys=Keys(database, ring),
        passwords=Passwords(database, authenticator, effort),
        results=SealedResults(database, ring, config),
        effort=effort,
        end_sessions=end_all,
    )


def _tools(settings: Settings, config: Config) -> engine.Tools:
    """The plug-ins that the engine's steps use."""
    providers = (each.plugin for each in plugins.load("stratiform.hypervisor", HypervisorProvider))
    return engine.Tools(
        config=config,
        placements={each.name: each.plugin for each in plugins.load("stratiform.placement", Placement)},
        hypervisors={each.name: each for each in providers},
        data=settings.data,
    )


def _front(services: Services, sessions: Sessions, database: Database, outside: World, config: Config) -> Front:
    """The door for those who prove who they are, by signature or by session."""
    credentials = services.credentials
    logins = Logins(database, credentials.passwords, sessions)
    return Front(
        credentials.keys,
        outside.clock,
        visitors=sessions,
        authenticators=session.authenticators(
            services.commands, logins, sessions, outside.clock, lambda: config.value(session.SECURE)
        ),
        enforced=lambda: config.value(ENFORCE),
    )


def _program() -> engine.Program:
    return plugins.one("stratiform.engine", ENGINE, engine.Program).plugin
