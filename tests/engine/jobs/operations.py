"""The operations whose every crash point is tried: what each is about, what it asks for, and what must come of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy
from tests.engine.jobs.cloud import Server
from tests.engine.jobs.farm import Broken, after

from stratiform.api.principal import Principal, Role
from stratiform.engine import api, schema
from stratiform.framework.agents.table import resource
from stratiform.framework.jobs import inspect
from stratiform.framework.jobs.inspect import Reason
from stratiform.framework.jobs.table import job
from stratiform.framework.testing.crash_points import Place
from stratiform.framework.testing.crash_process import WITHIN, Process
from stratiform.framework.testing.crashes import Operation

NO = Broken(reason="no")


class Mortal(Server):
    """A server whose process may die, driven like any other."""

    def __init__(self, process, cloud):
        super().__init__(process.database, cloud.gate, process.name, cloud.data)
        self.process = process
        for name, plugins in (("placement", self.tools.placements), ("hypervisor", self.tools.hypervisors)):
            plugins |= {key: process.adapter(name, each) for key, each in plugins.items()}

    def turns(self):
        """Work until there is nothing left to do now, the answers of hosts included."""
        super().turns()
        while self.process.deliver():
            super().turns()


@dataclass(frozen=True, kw_only=True)
class Act:
    """An operation on the cloud. Each function is given the cloud, and what `about` answered."""

    name: str
    group: str
    """What it is tried together with."""
    kinds: tuple[str, ...]
    """The kinds of jobs whose steps must all be covered, by it or another of its group."""
    about: Callable = lambda cloud: None
    """Make what it is about."""
    ask: Callable
    """Ask for it; answers what was filed, None if it is no job."""
    wrong: dict = field(default_factory=dict)
    """What the farm is told to do wrong, by verb."""
    outcome: str = "succeeded"
    then: Callable = lambda cloud, it, filed: None
    """What must be true if it was accepted."""
    at_once: bool = True
    """It is one command: all of it happens or nothing. Else what the farm is asked for depends on when it is told."""
    most: int = 0
    """How often the farm is asked for the same if only the first of its commands was accepted, at most."""
    within: int = WITHIN
    """Seconds after which nothing may be on its way. Where it is more, what is left after half a minute says why."""


class Play:
    """An act for the kit; it is checked that each run does to the farm what the first did, or nothing at all."""

    def __init__(self, cloud, act):
        self.cloud, self.farm, self.act = cloud, cloud.farm, act
        self.usual = None
        cloud.server.channel.close()

    def operation(self):
        return Operation(
            name=self.act.name,
            begin=self.begin,
            prepare=self.prepare,
            ask=self.ask,
            work=self.work,
            check=self.check,
        )

    def begin(self, process: Process):
        self.cloud.server = Mortal(process, self.cloud).join()
        return self.cloud.server

    def prepare(self, server):
        self.cloud.unsettled = True  # until it is seen that it is not
        self.it = self.act.about(self.cloud)
        self.cloud.settle()
        self.before = Counter(self.farm.calls)
        for verb, acts in self.act.wrong.items():
            self.farm.then(verb, *acts)

    def ask(self, server):
        return self.act.ask(self.cloud, self.it) or "accepted"

    def work(self, process, server):
        try:
            process.settle(server.kernel)
        except AssertionError:
            if self.act.within == WITHIN:
                raise
            assert all(says_why(self.cloud, uuid) for uuid in living(self.cloud))
            process.settle(server.kernel, self.act.within)

    def check(self, server, accepted):
        assert not under_way(self.cloud)
        for verb in self.act.wrong:
            self.farm._scripts[verb].clear()
        self.cloud.check()
        did = self.farm.calls - self.before
        self.usual = did if self.usual is None else self.usual
        same = did == self.usual or (accepted is None and not did)
        assert same or not self.act.at_once, (dict(did), dict(self.usual))
        assert max(did.values(), default=0) <= max(self.act.most, *self.usual.values(), 0), dict(did)
        self.cloud.unsettled = False
        if accepted is None:
            return
        if accepted != "accepted":
            assert self.cloud.job(accepted).outcome == self.act.outcome
        self.act.then(self.cloud, self.it, accepted)


UNDER_WAY = {
    schema.vm: {"Starting", "Stopping", "Migrating", "Unknown", "Expunging"},
    schema.volume: {"Creating", "Expunging"},
    schema.host: {"Creating", "PrepareForMaintenance"},
    schema.pool: {"Attaching", "PrepareForMaintenance", "CancelMaintenance"},
    schema.network: {"Implementing", "Shutdown"},
    schema.address: {"Releasing"},
}
"""The states, by table, in which nothing that is there may stay."""


def under_way(cloud):
    """Everything that is in a state in which it may not stay: its table, state and host."""
    found = []
    for table, states in UNDER_WAY.items():
        alive = [table.c.removed.is_(None)] if "removed" in table.c else []
        rows = cloud.rows(table.select().where(table.c.state.in_(states), *alive))
        found += [(table.name, row.state, getattr(row, "host_id", None)) for row in rows]
    return found


def living(cloud):
    """The UUIDs of the jobs that have not ended."""
    return [row.uuid for row in cloud.rows(sqlalchemy.select(job.c.uuid).where(job.c.state != "ended"))]


def says_why(cloud, uuid):
    """What a job says, to whoever asks for it, of why it does not go on: a command under way, or the next try."""
    with cloud.database.reading() as connection:
        tree = inspect.tree(connection, uuid)
    return [each.waits_for for each in tree if each.waits_for and each.waits_for.reason in (Reason.EFFECT, Reason.TIME)]


# Machines.

INTO = {
    "Running": "startVirtualMachine",
    "Stopped": "stopVirtualMachine",
    "Destroyed": "destroyVirtualMachine",
}


def vm(state):
    """A machine in a state: one that ran before if there is one, else a new one."""

    def make(cloud):
        used = (schema.vm.c.run > 0, schema.vm.c.state.in_(["Running", "Stopped", "Destroyed"]))
        rows = cloud.rows(sqlalchemy.select(schema.vm).where(schema.vm.c.removed.is_(None), *used))
        found = next((row for row in rows if row.state in ("Running", "Stopped", state)), None)
        uuid = found.uuid if found else cloud.running()
        if cloud.vm(uuid).state != state:
            cloud.do(INTO[state], uuid)
        assert cloud.vm(uuid).state == state
        return uuid

    return make


def no_vm(cloud):
    """No machine at all."""
    rows = cloud.rows(sqlalchemy.select(schema.vm).where(schema.vm.c.removed.is_(None)))
    for row in rows:
        if row.state != "Expunging":
            cloud.do("destroyVirtualMachine", row.uuid, cloud.site.root_admin, expunge=True)
    assert not cloud.farm.running
    assert not cloud.farm.disks


def command(name, **arguments):
    """A tenant's command on the machine."""
    return lambda cloud, it: cloud.submit(name, id=it, **arguments)


def is_in(*states):
    """The machine is in the state."""

    def check(cloud, it, filed):
        rows = cloud.rows(schema.vm.select().where(schema.vm.c.uuid == (it or filed.entity)))
        assert {row.state for row in rows} <= set(states)

    return check


def moved(wanted):
    """The machine was moved, or stayed."""

    def check(cloud, it, filed):
        uuid, home = it
        assert (cloud.home(uuid) is not home, cloud.vm(uuid).state) == (wanted, "Running")

    return check


def at_home(cloud):
    uuid = vm("Running")(cloud)
    return uuid, cloud.home(uuid)


def deploy_and_cancel(cloud, it):
    """It is cancelled while its disk is made."""
    filed = cloud.deploy()
    Server.turns(cloud.server)
    cloud.server.engine.change("cancelJob", cloud.site.root_admin, {"id": filed.job})
    return filed


DEPLOY = ("vm.deploy", "volume.create", "nic.prepare", "host.command")
START = ("vm.start",)
MOVE = ("vm.migrate", "vm.locate")

deploy = partial(Act, group="deploy", kinds=DEPLOY, about=no_vm, ask=lambda cloud, it: cloud.deploy())
start = partial(Act, group="start", kinds=START, about=vm("Stopped"), ask=command("startVirtualMachine"))
stop = partial(Act, group="stop", kinds=("vm.stop",), about=vm("Running"), ask=command("stopVirtualMachine"))
move = partial(Act, group="migrate", kinds=MOVE, about=at_home, ask=lambda cloud, it: cloud.migrate(it[0]))

MACHINES = [
    deploy(name="deploy", then=is_in("Running")),
    deploy(name="deploy without a disk", wrong={"create": [NO]}, outcome="failed", then=is_in("Error")),
    deploy(name="deploy on another host", wrong={"start": [after(NO)]}, then=is_in("Running")),
    deploy(name="deploy without a start", wrong={"start": [after(NO)] * 2}, outcome="failed", then=is_in("Error")),
    deploy(
        name="deploy, cancelled",
        ask=deploy_and_cancel,
        at_once=False,
        outcome="cancelled",
        then=is_in("Error"),
    ),
    Act(
        name="deploy, not started",
        group="deploy",
        kinds=("vm.allocate",),
        about=no_vm,
        ask=lambda cloud, it: cloud.deploy(startvm=False),
        then=is_in("Stopped"),
    ),
    start(name="start", then=is_in("Running")),
    start(name="start on another host", wrong={"start": [NO]}, then=is_in("Running")),
    start(name="start in vain", wrong={"start": [NO, NO]}, outcome="failed", then=is_in("Stopped")),
    stop(name="stop", then=is_in("Stopped")),
    stop(name="stop in vain", wrong={"stop": [NO]}, outcome="failed", then=is_in("Running")),
    Act(
        name="reboot",
        group="reboot",
        kinds=("vm.reboot",),
        about=vm("Running"),
        ask=command("rebootVirtualMachine"),
        then=is_in("Running"),
    ),
    Act(
        name="destroy",
        group="destroy",
        kinds=("vm.destroy",),
        about=vm("Running"),
        ask=command("destroyVirtualMachine"),
        then=is_in("Destroyed"),
    ),
    Act(
        name="destroy and expunge",
        group="destroy",
        kinds=("vm.destroy", "vm.expunge", "volume.expunge"),
        about=vm("Running"),
        ask=lambda cloud, it: cloud.submit("destroyVirtualMachine", cloud.site.root_admin, id=it, expunge=True),
        then=is_in("Expunging"),
    ),
    Act(
        name="expunge",
        group="expunge",
        kinds=("vm.expunge", "volume.expunge"),
        about=vm("Destroyed"),
        ask=lambda cloud, it: cloud.submit("expungeVirtualMachine", cloud.site.root_admin, id=it),
        then=is_in("Expunging"),
    ),
    move(name="migrate", then=moved(True)),
    move(name="migrate in vain", wrong={"migrate": [NO]}, outcome="failed", then=moved(False)),
    move(name="migrate, and the answer is wrong", wrong={"migrate": [after(NO)]}, outcome="failed", then=moved(True)),
]


# Hosts and pools.


def root_does(name, **arguments):
    return lambda cloud, it: cloud.submit(name, cloud.site.root_admin, id=it.uuid, **arguments)


def site_of(cloud):
    return {"zoneid": cloud.site.zone.uuid, "podid": cloud.site.pod.uuid, "clusterid": cloud.site.cluster.uuid}


def add_host(cloud, it=None):
    name = f"http://new{cloud.world.ids.uuid()}"
    return cloud.submit("addHost", cloud.site.root_admin, hypervisor="simulator", url=name, **site_of(cloud))


def no_new_host(cloud):
    rows = cloud.rows(sqlalchemy.select(schema.host).where(schema.host.c.removed.is_(None)))
    for row in rows:
        if row.url.startswith("http://new"):
            delete_host(cloud, row)


def delete_host(cloud, it):
    cloud.server.engine.change("deleteHost", cloud.site.root_admin, {"id": it.uuid, "forced": True})


def new_host(cloud, wrong=None):
    """A host that was added, perhaps in vain."""
    no_new_host(cloud)
    if wrong:
        cloud.farm.then("describe", wrong)
    filed = add_host(cloud)
    cloud.settle()
    (row,) = cloud.rows(schema.host.select().where(schema.host.c.uuid == filed.entity))
    assert row.state == ("Error" if wrong else "Enabled")
    return row


def host_is(state):
    """The host, or the one that was added, is in the state, and has its pool if it is open."""

    def check(cloud, it, filed):
        uuid = it.uuid if it else filed.entity
        (row,) = cloud.rows(schema.host.select().where(schema.host.c.uuid == uuid))
        assert row.state == state
        if state == "Enabled":
            assert cloud.site.pool.uuid in cloud.farm.attached[uuid]

    return check


def is_removed(cloud, it, filed):
    assert cloud.host(it).removed is not None
    (row,) = cloud.rows(resource.select().where(resource.c.id == it.id))
    assert row.state == "Removed"


def silent(cloud):
    """A host that fell silent, and lost its pool meanwhile."""
    host = cloud.hosts[0]
    cloud.connection(host, "Disconnected")
    cloud.farm.attached[host.uuid].clear()
    return host


def come_back(cloud, host):
    """The monitor of the server hears of it again."""
    with cloud.server.kernel.database.transaction() as tx:
        tx.execute(resource.update().where(resource.c.id == host.id).values(state="Up"))
        api.watch(cloud.server.kernel)(tx, [host.id], "Up")


def is_equipped(cloud, it, filed):
    row = cloud.host(it)
    assert row.equipped == row.silences
    assert cloud.site.pool.uuid in cloud.farm.attached[it.uuid]


def no_new_pool(cloud):
    pools = schema.pool.select().where(schema.pool.c.removed.is_(None), schema.pool.c.id != cloud.site.pool.id)
    for row in cloud.rows(pools):
        root_does("deleteStoragePool")(cloud, row)


def add_pool(cloud, it=None):
    name = cloud.world.ids.uuid()
    return cloud.submit(
        "createStoragePool", cloud.site.root_admin, name=name, url=f"nfs://10.0.0.9/{name}", **site_of(cloud)
    )


def new_pool(cloud, wrong=None):
    """A pool that was made, perhaps in vain."""
    no_new_pool(cloud)
    cloud.settle()
    if wrong:
        cloud.farm.then("attach", wrong)
    filed = add_pool(cloud)
    cloud.settle()
    (row,) = cloud.rows(schema.pool.select().where(schema.pool.c.uuid == filed.entity))
    assert (row.state == "Up") is (wrong is None)
    return row


def pool_is(up):
    def check(cloud, it, filed):
        uuid = it.uuid if it else filed.entity
        (row,) = cloud.rows(schema.pool.select().where(schema.pool.c.uuid == uuid))
        assert (row.state == "Up") is up
        if up:
            assert all(uuid in cloud.farm.attached[each.uuid] for each in cloud.hosts)

    return check


def pool_is_left(cloud, it, filed):
    (row,) = cloud.rows(schema.pool.select().where(schema.pool.c.uuid == it.uuid))
    assert row.removed is not None
    assert not any(it.uuid in cloud.farm.attached[each.uuid] for each in cloud.hosts)


add = partial(Act, group="add host", kinds=("host.connect",), about=no_new_host, ask=add_host)
again = partial(
    Act,
    group="reconnect host",
    kinds=("host.reconnect",),
    about=lambda cloud: new_host(cloud, NO),
    ask=root_does("updateHost", allocationstate="Enable"),
)
equip = partial(Act, group="equip host", kinds=("host.equip",), about=silent, ask=come_back, then=is_equipped)
attach = partial(Act, group="add pool", kinds=("pool.attach",), about=no_new_pool, ask=add_pool)
reattach = partial(
    Act,
    group="attach pool again",
    kinds=("pool.reattach",),
    about=lambda cloud: new_pool(cloud, NO),
    ask=root_does("updateStoragePool", enabled=True),
)

INFRASTRUCTURE = [
    add(name="add a host", then=host_is("Enabled")),
    add(name="add a host in vain", wrong={"describe": [NO]}, outcome="failed", then=host_is("Error")),
    add(name="add a host that reaches nothing", wrong={"attach": [NO]}, outcome="failed", then=host_is("Error")),
    again(name="connect a host again", then=host_is("Enabled")),
    again(name="connect a host again in vain", wrong={"describe": [NO]}, outcome="failed", then=host_is("Error")),
    Act(name="remove a host", group="remove host", kinds=(), about=new_host, ask=delete_host, then=is_removed),
    equip(name="a host comes back"),
    equip(name="a host comes back and reaches nothing", wrong={"attach": [NO]}, within=120),
    attach(name="add a pool", then=pool_is(True)),
    attach(name="add a pool in vain", wrong={"attach": [NO]}, outcome="failed", then=pool_is(False)),
    reattach(name="attach a pool again", then=pool_is(True)),
    reattach(name="attach a pool again in vain", wrong={"attach": [NO]}, outcome="failed", then=pool_is(False)),
    Act(
        name="remove a pool",
        group="remove pool",
        kinds=("host.detach",),
        about=new_pool,
        ask=root_does("deleteStoragePool"),
        then=pool_is_left,
    ),
]


# Maintenance.


def two_on_a_host(cloud):
    """Two machines on the first host, which is open."""
    host = cloud.hosts[0]
    if cloud.host(host).state != "Enabled":
        root_does("cancelHostMaintenance")(cloud, host)
        cloud.settle()
    vms = [row.uuid for row in cloud.rows(schema.vm.select().where(schema.vm.c.state == "Running"))]
    vms += [cloud.running(hostid=host.uuid, who=cloud.site.root_admin) for _ in range(2 - len(vms))]
    for each in vms:
        if cloud.home(each) is not host:
            cloud.migrate(each, host)
    cloud.settle()
    assert {cloud.home(each).id for each in vms} == {host.id}
    return host


def emptied(left, state="Maintenance"):
    def check(cloud, it, filed):
        row = cloud.host(it)
        assert (row.state, row.vms) == (state, left)
        machines = cloud.rows(schema.vm.select().where(schema.vm.c.removed.is_(None)))
        assert {each.state for each in machines} == {"Running"}

    return check


def in_maintenance(cloud):
    host = two_on_a_host(cloud)
    root_does("prepareHostForMaintenance")(cloud, host)
    cloud.settle()
    assert cloud.host(host).state == "Maintenance"
    return host


def prepare_and_cancel(cloud, host):
    """It is prepared, and cancelled right behind."""
    filed = root_does("prepareHostForMaintenance")(cloud, host)
    root_does("cancelHostMaintenance")(cloud, host)
    return filed


def prepare_and_cancel_later(cloud, host):
    """It is prepared, and cancelled when the first machines are on their way."""
    filed = root_does("prepareHostForMaintenance")(cloud, host)
    Server.turns(cloud.server)
    root_does("cancelHostMaintenance")(cloud, host)
    return filed


maintain = partial(
    Act,
    group="maintenance",
    kinds=("host.maintain", "host.leave"),
    about=two_on_a_host,
    ask=root_does("prepareHostForMaintenance"),
)
FAILED = "ErrorInPrepareForMaintenance"

MAINTENANCE = [
    maintain(name="maintenance", then=emptied(0)),
    maintain(name="maintenance in vain", wrong={"migrate": [NO]}, outcome="failed", then=emptied(1, FAILED)),
    maintain(
        name="maintenance, cancelled",
        ask=prepare_and_cancel,
        at_once=False,
        most=2,
        outcome="failed",
        then=emptied(2, "Enabled"),
    ),
    maintain(
        name="maintenance, cancelled under way",
        ask=prepare_and_cancel_later,
        at_once=False,
        most=2,
        outcome="failed",
        then=emptied(0, "Enabled"),
    ),
    Act(
        name="cancel of a maintenance",
        group="cancel maintenance",
        kinds=("command.cancelHostMaintenance",),
        about=in_maintenance,
        ask=root_does("cancelHostMaintenance"),
        then=emptied(0, "Enabled"),
    ),
]


# Tenants.


def guest(cloud, below=None):
    """An account with a machine that runs, the only one there is."""
    no_vm(cloud)
    name = f"guest {cloud.world.ids.uuid()}"
    with cloud.database.transaction() as tx:
        account = api.create_account(tx, cloud.world, name=name, domain=below or cloud.site.domain)
        user = cloud.site.add_user(tx, account, name)
    who = Principal(user=user.uuid, account=account.uuid, role=Role.USER, scope=(below or cloud.site.domain).path)
    cloud.running(who=who)
    return account


def domain_of_a_guest(cloud):
    with cloud.database.transaction() as tx:
        domain = api.create_domain(tx, cloud.world, name=cloud.world.ids.uuid(), parent=cloud.site.domain)
    guest(cloud, domain)
    return domain


def nothing_is_left(table):
    def check(cloud, it, filed):
        (row,) = cloud.rows(table.select().where(table.c.id == it.id))
        assert row.removed is not None
        assert (cloud.farm.running, cloud.farm.disks) == ({}, {})

    return check


TENANTS = [
    Act(
        name="end of an account",
        group="end of tenants",
        kinds=("account.end", "vm.end"),
        about=guest,
        ask=root_does("deleteAccount"),
        then=nothing_is_left(schema.account),
    ),
    Act(
        name="end of a domain",
        group="end of tenants",
        kinds=("domain.end",),
        about=domain_of_a_guest,
        ask=root_does("deleteDomain", cleanup=True),
        then=nothing_is_left(schema.domain),
    ),
]

ALL = [*MACHINES, *INFRASTRUCTURE, *MAINTENANCE, *TENANTS]
ACTS = {group: [act for act in ALL if act.group == group] for group in dict.fromkeys(act.group for act in ALL)}
"""By group."""


def kinds(group):
    """The kinds of jobs whose every step a group is to cover."""
    return sorted({kind for act in ACTS[group] for kind in act.kinds})


EXCUSED: dict[Place, str] = {}
"""What is declared and no process dies at, and why."""
