"""Pages of 500 out of 100,000 machines and of 1,000 hosts, against raw rows: the same columns from the driver's cursor.

Prints CPU of this process for the first page, from the question to the encoded answer, and its ratio to dicts of raw
rows, network cards inside them, a count, and orjson; then how long the middle and the last page take compared with the
first, for whom. On SQLite and on PostgreSQL; trust the ratios. Both are measured in turn; figures are medians.
"""

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import orjson
import sqlalchemy
from sqlalchemy import FromClause, Select, Table

from stratiform.api import registry
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api, schema
from stratiform.engine.listing import Listing, Nested
from stratiform.framework import context, plugins
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Database, Transaction
from stratiform.framework.db.store import DriverStore
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing import databases
from stratiform.server import answer

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests import postgres

VMS = 100_000
HOSTS = 1_000
SIZE = 500
ROUNDS = 15
CHUNK = 5_000
LISTS = {"listVirtualMachines": SIZE, "listHosts": HOSTS}
GATE = plugins.one("stratiform.access", "static", object).plugin


@dataclasses.dataclass
class Place:
    """What every machine is in, of or on."""

    zone: api.Row
    network: api.Row
    template: api.Row
    offering: api.Row
    clusters: list[api.Row]
    accounts: list[api.Row]
    """The first owns 4 of 10 machines, the next nine, which are in its domain, 4 of 10, the others the rest."""
    users: list[api.Row]


def first(tx: Transaction, table: Table, **where: object) -> api.Row:
    """The first row with these values."""
    same = (table.c[name] == value for name, value in where.items())
    return tx.execute(sqlalchemy.select(table).where(*same).order_by(table.c.id)).first()


def lay_out(tx: Transaction, world: World) -> Place:
    """A zone with clusters, and accounts in domains."""
    root, domain = first(tx, schema.account), first(tx, schema.domain)
    zone = api.create_zone(
        tx, world, name="z", dns1="8.8.8.8", internal_dns1="8.8.8.8", network_type="Advanced", state="Enabled"
    )
    pods = [api.create_pod(tx, world, zone=zone, name=f"p{n}") for n in range(10)]
    sales = api.create_domain(tx, world, name="sales", parent=domain)
    others = [api.create_domain(tx, world, name=f"d{n}", parent=domain) for n in range(20)]
    homes = [sales] * 10 + [others[n % 20] for n in range(200)]
    accounts = [api.create_account(tx, world, name=f"a{n}", domain=home) for n, home in enumerate(homes)]
    named = {"first_name": "A", "last_name": "B", "email": "a@example.org"}
    return Place(
        zone=zone,
        network=api.create_network(
            tx,
            world,
            zone=zone,
            offering=first(tx, schema.network_offering, name="DefaultSharedNetworkOffering"),
            account=root,
            name="shared",
            gateway="10.0.0.1",
            netmask="255.0.0.0",
            start_ip="10.0.0.2",
            end_ip="10.0.0.3",
        ),
        template=api.register_template(
            tx,
            world,
            account=root,
            os_type=first(tx, schema.os_type),
            name="tiny",
            url="https://example.org/tiny.qcow2",
            format="QCOW2",
            hypervisor="Simulator",
        ),
        offering=first(tx, schema.service_offering),
        clusters=[
            api.create_cluster(tx, world, pod=pods[n % 10], name=f"c{n}", hypervisor="Simulator") for n in range(100)
        ],
        accounts=accounts,
        users=[
            api.create_user(tx, world, account=each, username=f"u{n}", **named) for n, each in enumerate(accounts)
        ],
    )


def entities(world: World, numbers: range) -> Iterator[tuple[int, dict[str, object]]]:
    """What all rows have, with a number each."""
    for n in numbers:
        yield n - numbers.start, {"id": n, "uuid": world.ids.uuid(), "created": world.clock.now() + n * SECOND}


def hosts(world: World, place: Place, numbers: range) -> Iterator[dict[str, object]]:
    """Hosts of all clusters."""
    for n, row in entities(world, numbers):
        cluster = place.clusters[n % len(place.clusters)]
        yield row | {
            "name": f"h{n}",
            "name_key": f"h{n}",
            "zone_id": place.zone.id,
            "pod_id": cluster.pod_id,
            "cluster_id": cluster.id,
            "hypervisor": "Simulator",
            "hypervisor_version": "1",
            "capabilities": "hvm",
            "url": f"http://h{n}",
            "address": f"10.{n >> 8}.{n & 255}.1",
            "state": "Enabled",
            "cpus": 64,
            "speed": 2000,
            "memory": 262_144,
            "cpu_total": 128_000,
            "cpu_used": 50_000,
            "memory_total": 262_144,
            "memory_used": 51_200,
            "vms": 100,
        }


def machines(world: World, place: Place, numbers: range, on: range) -> Iterator[dict[str, object]]:
    """Machines, their owners mixed."""
    for n, row in entities(world, numbers):
        turn = n % 10
        whose = 0 if turn < 4 else 1 + n // 10 % 9 if turn < 8 else 10 + n // 10 % 200
        yield row | {
            "name": f"vm-{n}",
            "name_key": f"vm-{n}",
            "display_name": f"machine {n}",
            "instance_name": f"i-{whose}-{n}-VM",
            "account_id": place.accounts[whose].id,
            "account_user_id": place.users[whose].id,
            "zone_id": place.zone.id,
            "host_id": on[n % len(on)],
            "service_offering_id": place.offering.id,
            "template_id": place.template.id,
            "os_type_id": place.template.os_type_id,
            "hypervisor": "Simulator",
            "state": "Running",
            "power": "PowerOn",
            "run": 1,
            "cpus": 1,
            "speed": 500,
            "memory": 512,
            "updated": world.clock.now() + n,
        }


def cards(world: World, place: Place, numbers: range, of: range) -> Iterator[dict[str, object]]:
    """A network card of every machine."""
    for n, row in entities(world, numbers):
        yield row | {
            "vm_id": of[n],
            "network_id": place.network.id,
            "device": 0,
            "mac": api.mac(numbers[n]),
            "ip4": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",
            "is_default": True,
        }


def insert(database: Database, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Write any number of rows, some thousands at once."""
    batch: list[Mapping[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == CHUNK:
            with database.transaction() as tx:
                tx.insert(table, batch)
            batch = []
    with database.transaction() as tx:
        tx.insert(table, batch)


def fill(database: Database) -> Mapping[str, Principal]:
    """Make the cloud; answer who asks: what they are called, and the principals."""
    world = database.world
    with context.use(context.begin(world.ids, "bench")):
        with database.transaction() as tx:
            api.seed(tx, world)
        with database.transaction() as tx:
            place = lay_out(tx, world)
    start = 10_000_000
    host, vm, nic = range(start, start + HOSTS), range(2 * start, 2 * start + VMS), range(3 * start, 3 * start + VMS)
    insert(database, schema.host, hosts(world, place, host))
    heard = ({"id": n, "uuid": f"{n}"} for n in host)
    insert(database, resource, ({**each, **connected(world)} for each in heard))
    insert(database, schema.vm, machines(world, place, vm, host))
    insert(database, schema.nic, cards(world, place, nic, vm))
    if database.dialect == "postgresql":  # as it keeps itself, after a while
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    with database.transaction() as tx:
        admin = first(tx, schema.account_user)
        return {
            "the administrator": principal(tx, admin, Role.ADMIN),
            "a user with 40,000": principal(tx, place.users[0], Role.USER),
            "a domain's administrator with 80,000": principal(tx, place.users[1], Role.DOMAIN_ADMIN),
            "a domain's administrator with 1,000": principal(tx, place.users[10], Role.DOMAIN_ADMIN),
        }


def connected(world: World) -> Mapping[str, object]:
    """What the agent manager knows of a host."""
    return {
        "kind": "host",
        "transport": "local",
        "address": "here",
        "location": "here",
        "state": "Up",
        "generation": 1,
        "since": world.clock.now(),
        "last_seen": world.clock.now(),
    }


def principal(tx: Transaction, user: api.Row, role: Role) -> Principal:
    """Who a user is, in a role."""
    account = first(tx, schema.account, id=user.account_id)
    domain = first(tx, schema.domain, id=account.domain_id)
    return Principal(user=user.uuid, account=account.uuid, role=role, scope=domain.path)


def handler(cloud: api.Engine, name: str, who: Principal, page: int = 1, size: int = SIZE) -> Callable[[], bytes]:
    """What the server does for a list, between the question and the bytes."""
    command = registry.collect()[name]
    owned = cloud.listings[str(command.kind)].own is not None
    query = Query(filters={"listall": True} if owned else {}, page=page, pagesize=size)

    def ask() -> bytes:
        found = cloud.list(str(command.kind), who, command.name, query)
        return answer.encode(command.response, answer.listed(command, who.role, found), json=True)

    return ask


class Raw:
    """The same columns by the plain driver: rows into dicts, those of nested lists inside them, a count, orjson."""

    def __init__(self, database: Database, listing: Listing, size: int) -> None:
        self.connection = database.engine.raw_connection()
        if database.dialect == "postgresql":
            self.connection.driver_connection.autocommit = True
        self.dialect = database.engine.dialect
        self.names = (*listing.columns, "key")
        table = listing.table
        live = table.c.removed.is_(None)
        page = sqlalchemy.select(*listing.columns.values(), table.c.id).select_from(listing.source).where(live)
        self.page = self.text(page.order_by(table.c.id).limit(size))
        self.count = self.text(sqlalchemy.select(sqlalchemy.func.count()).select_from(table).where(live))
        self.nested = [
            (each.name, tuple(each.columns), self.inner(each), f"{each.parent.table.name}.{each.parent.name}")
            for each in listing.nested
        ]

    def inner(self, nested: Nested) -> str:
        """The rows of a nested list; KEYS stands for those it is of."""
        source: FromClause = nested.table
        for other, on in nested.joins:
            source = source.outerjoin(other, on)
        wanted = sqlalchemy.select(*nested.columns.values(), nested.parent).select_from(source)
        live = (nested.table.c.removed.is_(None), sqlalchemy.literal_column("KEYS"))
        return self.text(wanted.where(*live).order_by(*nested.order))

    def text(self, statement: Select) -> str:
        """As the driver takes it."""
        return str(statement.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True}))

    def __call__(self) -> bytes:
        """What the handler does, with nothing around it."""
        cursor = self.connection.cursor()
        cursor.execute(self.page)
        rows = {row["key"]: row for row in (dict(zip(self.names, each, strict=True)) for each in cursor.fetchall())}
        for name, names, text, column in self.nested:
            keys = list(rows)
            if self.dialect.name == "postgresql":
                cursor.execute(text.replace("KEYS", f"{column} = ANY(%s)"), (keys,))
            else:
                cursor.execute(text.replace("KEYS", f"{column} IN ({','.join('?' * len(keys))})"), keys)
            for each in cursor.fetchall():
                rows[each[-1]].setdefault(name, []).append(dict(zip(names, each, strict=False)))
        cursor.execute(self.count)
        (count,) = cursor.fetchone()
        return orjson.dumps({"response": {"count": count, "object": list(rows.values())}})


def medians(*calls: Callable[[], object], clock: Callable[[], float]) -> list[float]:
    """Milliseconds of each, asked in turn."""
    took: list[list[float]] = [[] for _ in calls]
    for turn in range(ROUNDS + 3):
        for call, figures in zip(calls, took, strict=True):
            began = clock()
            call()
            if turn >= 3:
                figures.append(clock() - began)
    return [1000 * statistics.median(figures) for figures in took]


def compare(url: str) -> None:
    """Print the figures of one database."""
    with databases.opened(url, World(store=DriverStore()), [FRAMEWORK, schema.LAYER]) as database:
        people = fill(database)
        cloud = api.Engine(database, GATE, listings=api.LISTINGS, commands={})
        admin = people["the administrator"]
        print(f"{database.dialect}:")
        for name, size in LISTS.items():
            listing = cloud.listings[str(registry.collect()[name].kind)]
            raw = Raw(database, listing, size)
            ours, bare = medians(handler(cloud, name, admin, size=size), raw, clock=time.process_time)
            print(f"  {name}, {size}: {ours:.1f} ms of CPU, raw {bare:.1f} ms: {ours / bare:.2f}")
        for who, principal in people.items():
            last = last_page(cloud, principal)
            pages = [1, (last + 1) // 2, last]
            calls = [handler(cloud, "listVirtualMachines", principal, page) for page in pages]
            begin, middle, end = medians(*calls, clock=time.perf_counter)
            late = f"page {pages[1]} {middle / begin:.2f}, page {last} {end / begin:.2f} times that"
            print(f"  {who}: page 1 {begin:.1f} ms, {late}")


def last_page(cloud: api.Engine, who: Principal) -> int:
    """The last that is full."""
    query = Query(filters={"listall": True}, page=1, pagesize=1)
    return max(1, cloud.list("vm", who, "listVirtualMachines", query).count // SIZE)


def main() -> None:
    """Compare on both databases."""
    with tempfile.TemporaryDirectory() as folder:
        compare(f"sqlite:///{folder}/lists.db")
    with postgres.server() as url:
        compare(url)


if __name__ == "__main__":
    main()
