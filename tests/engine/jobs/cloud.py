"""A cloud to drive by hand: servers without threads of their own, whose turns and deaths a test decides."""

import json
import time
from collections import Counter

import sqlalchemy
from tests.engine.jobs.farm import Provider

from stratiform.api.adapters.placement import Ranking
from stratiform.engine import api, schema
from stratiform.engine.vm.jobs.migrate import Migrate, migrate
from stratiform.framework.agents.channel import Channel
from stratiform.framework.agents.table import resource
from stratiform.framework.base.clock import SECOND
from stratiform.framework.cluster.membership import LEASE, Membership
from stratiform.framework.events.table import event
from stratiform.framework.jobs.kernel import Kernel
from stratiform.framework.jobs.table import job, lane

PATIENCE = 30


class Crash(BaseException):
    """What happens when a process is killed, seen from inside it."""


class FirstFit:
    """A placement adviser: the hosts with room, emptiest first."""

    name = "spread"
    order = 0
    poison = frozenset()
    """Machines at which it breaks, as an adviser with a mistake would."""
    stubborn = False
    """It sends everybody to the same host, as one that looked before others came would."""

    def rank(self, requests, hosts):
        if any(request.vm in self.poison for request in requests):
            raise ZeroDivisionError
        cpu, memory = list(hosts.cpu_used), list(hosts.memory_used)
        rankings = []
        for request in requests:
            refused, fit = {}, []
            for place, uuid in enumerate(hosts.ids):
                if uuid in request.avoid:
                    refused[uuid] = "avoid: it was full"
                elif memory[place] + request.memory > hosts.memory_total[place]:
                    refused[uuid] = f"memory: {request.memory} MiB needed"
                elif cpu[place] + request.cpu > hosts.cpu_total[place]:
                    refused[uuid] = f"cpu: {request.cpu} MHz needed"
                else:
                    fit.append(place)
            fit.sort(key=lambda place: (memory[place], place))
            if fit and not self.stubborn:
                cpu[fit[0]] += request.cpu
                memory[fit[0]] += request.memory
            rankings.append(Ranking(hosts=[hosts.ids[place] for place in fit[:8]], refused=refused))
        return rankings


class Server:
    """The engine of one process."""

    def __init__(self, database, gate, name, data):
        world = database.world
        self.registry = api.program.registry
        self.channel = Channel(world)
        self.tools = api.Tools(
            config=api.program.config(database),
            placements={"spread": FirstFit()},
            hypervisors={"Simulator": Provider()},
            data=data,
        )
        membership = Membership(database, world, name, database_time=False)
        self.kernel = Kernel(
            world=world,
            database=database,
            registry=self.registry,
            membership=membership,
            provide=[self.tools, self.channel],
        )
        self.kernel.duties.append(self.channel.tend)
        self.engine = api.program.cloud(self.kernel, gate)
        self.history = api.program.history(database, gate)

    def join(self):
        self.kernel.join()
        self.kernel.take_over()
        return self

    def turns(self):
        """Work until there is nothing left to do now."""
        self.kernel.look()
        while sum(self.kernel.turn(stage) for stage in self.registry.stages):
            pass


class Cloud:
    """A site with two hosts, one server at work on it, and the farm that it commands."""

    def __init__(self, site, farm, way, gate, data, hosts=2):
        self.site, self.farm, self.way, self.gate, self.data = site, farm, way, gate, data
        self.database, self.world = site.database, site.world
        self.clock = self.world.clock
        self.server = self.serve("first")
        self.unsettled = False
        """Whether the test leaves jobs behind on purpose."""
        self.hosts = [self.add_host(f"host{number}") for number in range(1, hosts + 1)]
        with self.database.transaction() as tx:
            self.wide = api.create_network(
                tx, self.world, zone=site.zone, offering=site.network_offering, account=site.root, name="wide",
                gateway="10.2.0.1", netmask="255.255.255.0", start_ip="10.2.0.2", end_ip="10.2.0.254",
            )  # fmt: skip

    # Servers.

    def serve(self, name):
        """One more server on the same database."""
        return Server(self.database, self.gate, name, self.data).join()

    def crash(self, name="next"):
        """The server is gone, as if killed, and another one finds its lease run out."""
        self.server.channel.close()
        self.clock.advance(LEASE + SECOND)
        self.server = self.serve(name)

    def settle(self, *servers):
        """Drive the servers, by default the one, until every job has ended; time passes only if nothing else helps."""
        deadline = time.monotonic() + PATIENCE
        while left := self.live():
            assert time.monotonic() < deadline, f"{len(left)} jobs do not end: {left[:6]}"
            self.turn(*servers)

    def turn(self, *servers):
        """Drive the servers once; let a second pass if nothing is on its way."""
        for each in servers or (self.server,):
            each.turns()
        states = {row.state for row in self.live()}
        if "running" in states:
            time.sleep(0.001)
        elif states:
            self.clock.advance(SECOND)

    def until(self, condition):
        """Drive the server until the condition holds; time stands still."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"it did not come true: {self.live()[:6]}"
            self.server.turns()
            time.sleep(0.001)

    def until_answered(self, verb):
        """Wait, without a turn of the server, until the answer to the last call of a verb has reached it."""
        deadline = time.monotonic() + PATIENCE
        while not (self.farm.calls[verb] and self.server.kernel._stages["host"].waiting()):
            assert time.monotonic() < deadline, f"no answer to {verb}"
            time.sleep(0.001)

    def pass_time(self, seconds):
        """Let time pass, with the housekeeping that goes with it."""
        for _ in range(seconds):
            self.clock.advance(SECOND)
            self.server.turns()

    # Making and asking.

    def add_host(self, name, cluster=None, connected=True, settle=True):
        """A host that is connected, as the monitor would find it."""
        with self.server.kernel.transaction() as work:
            row, _ = api.add_host(
                work, zone=self.site.zone, pod=self.site.pod, cluster=cluster or self.site.cluster, name=name,
                url=f"http://{name}",
            )  # fmt: skip
        if settle:
            self.settle()
        if connected:
            self.connection(row, "Up")
        return row

    def connection(self, host, state):
        """What the monitor records of a host, and tells."""
        with self.database.transaction() as tx:
            was = tx.execute(resource.select().where(resource.c.id == host.id)).one()
            tx.execute(resource.update().where(resource.c.id == host.id).values(state=state))
            if was.state != state:
                api.watch(self.server.kernel)(tx, [host.id], state)

    def submit(self, command, who=None, **arguments):
        """File a command's job."""
        return self.server.engine.submit(command, who or self.site.tenant, arguments)

    def deploy(self, who=None, **more):
        """File a deployment."""
        site = self.site
        arguments = {
            "zoneid": site.zone.uuid,
            "serviceofferingid": site.offering.uuid,
            "templateid": site.template.uuid,
            "networkids": [self.wide.uuid],
        }
        given = {name: value for name, value in (arguments | more).items() if value is not None}
        return self.submit("deployVirtualMachine", who, **given)

    def running(self, **more):
        """A machine that was deployed and runs: its UUID."""
        filed = self.deploy(**more)
        self.settle()
        assert self.vm(filed.entity).state == "Running", self.job(filed)
        return filed.entity

    def do(self, command, vm, who=None, **arguments):
        """A command on a machine, to its end: its job's row."""
        filed = self.submit(command, who, id=vm, **arguments)
        self.settle()
        return self.job(filed)

    def migrate(self, vm, host=None):
        """File a move of a machine: its job's UUID."""
        payload = Migrate(vm=self.vm(vm).id, host=None if host is None else host.id)
        with self.server.kernel.transaction() as work:
            return work.submit(migrate, payload, fair_key=self.site.account.uuid, resource=f"vm/{vm}").uuid

    def prepare(self, host):
        """File the maintenance of a host."""
        return self.submit("prepareHostForMaintenance", self.site.root_admin, id=host.uuid)

    def home(self, vm):
        """The host that a machine is on, as the row that this cloud began with."""
        return next(each for each in self.hosts if each.id == self.vm(vm).host_id)

    def rows(self, statement):
        with self.database.reading() as connection:
            return connection.execute(statement).all()

    def job(self, filed):
        (row,) = self.rows(sqlalchemy.select(job).where(job.c.uuid == getattr(filed, "job", filed)))
        return row

    def error(self, filed):
        """The code of the error that a job failed with; None if it did not."""
        row = self.job(filed)
        return json.loads(row.error)["code"] if row.outcome == "failed" else None

    def vm(self, uuid):
        (row,) = self.rows(sqlalchemy.select(schema.vm).where(schema.vm.c.uuid == uuid))
        return row

    def host(self, row):
        (row,) = self.rows(sqlalchemy.select(schema.host).where(schema.host.c.id == row.id))
        return row

    def pool(self):
        (row,) = self.rows(sqlalchemy.select(schema.pool).where(schema.pool.c.id == self.site.pool.id))
        return row

    def volumes(self, vm):
        mine = sqlalchemy.select(schema.volume).join(schema.vm, schema.vm.c.id == schema.volume.c.vm_id)
        return self.rows(mine.where(schema.vm.c.uuid == vm))

    def cards(self, vm):
        mine = sqlalchemy.select(schema.nic).join(schema.vm, schema.vm.c.id == schema.nic.c.vm_id)
        return self.rows(mine.where(schema.vm.c.uuid == vm))

    def taken(self):
        """How many addresses are given out."""
        free = schema.address.c.state != "Free"
        return self.rows(sqlalchemy.select(sqlalchemy.func.count()).where(free))[0][0]

    def live(self):
        columns = (job.c.kind, job.c.state, job.c.step, job.c.direction, job.c.lane, job.c.journal)
        return self.rows(sqlalchemy.select(*columns).where(job.c.state != "ended"))

    def events(self, uuid):
        """The events of a resource in the order of its generations: kind and state."""
        found = sqlalchemy.select(event).where(event.c.resource == uuid).order_by(event.c.generation, event.c.id)
        return [(row.kind, json.loads(row.payload).get("state")) for row in self.rows(found)]

    # What must be true whatever happened.

    def check(self):
        """Every job has ended, every counter is right, and the farm is exactly as the database says."""
        self.settle()
        self.check_lanes()
        self.check_farm()
        self.check_events()
        settled = {"Running", "Stopped", "Destroyed", "Error", "Expunging"}
        assert {row.state for row in self.rows(sqlalchemy.select(schema.vm.c.state))} <= settled

    def check_lanes(self):
        holders = Counter(row.lane for row in self.live() if row.lane and row.state != "blocked")
        for row in self.rows(sqlalchemy.select(lane)):
            assert row.busy == holders[row.key], row

    def check_farm(self):
        with self.database.reading() as connection:
            assert api.recount(connection) == []
        assert self.farm.wrongs == []
        vm, host, volume, pool = schema.vm, schema.host, schema.volume, schema.pool
        assert not self.rows(sqlalchemy.select(vm.c.uuid).where(vm.c.to_host_id.is_not(None))), "nothing moves any more"
        should = sqlalchemy.select(host.c.uuid, vm.c.instance_name, vm.c.run).join(host, host.c.id == vm.c.host_id)
        runs = {(home, f"{name}.{run}") for home, name, run in self.rows(should.where(vm.c.state == "Running"))}
        assert runs == set(self.farm.running)
        kept = sqlalchemy.select(pool.c.uuid, volume.c.path).join(pool, pool.c.id == volume.c.pool_id)
        kept = kept.where(volume.c.removed.is_(None))
        there = {tuple(row) for row in self.rows(kept.where(volume.c.state != "Expunging"))}
        doubtful = {tuple(row) for row in self.rows(kept.where(volume.c.state == "Expunging"))}
        assert there <= set(self.farm.disks) <= there | doubtful

    def check_events(self):
        """The last state that was told of each machine and volume is the one that it is in."""
        told, generations = {}, {}
        for row in self.rows(sqlalchemy.select(event).order_by(event.c.generation, event.c.id)):
            told[row.resource] = json.loads(row.payload).get("state", told.get(row.resource))
            generations[row.resource] = row.generation
        for table, initial in ((schema.vm, "Stopped"), (schema.volume, "Allocated")):
            for row in self.rows(sqlalchemy.select(table)):
                assert (told.get(row.uuid) or initial) == row.state, (table.name, row)
                assert generations.get(row.uuid, 0) == row.generation, (table.name, row)
