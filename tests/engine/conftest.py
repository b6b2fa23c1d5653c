"""The engine's tests: a database with its tables, and a small cloud in it."""

from types import SimpleNamespace

import pytest
from hypothesis import settings

from stratiform.api.access import Everything, holds
from stratiform.api.principal import Principal, Role
from stratiform.engine import api, schema
from stratiform.framework import context
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing.copies import once
from stratiform.framework.testing.fixtures import clock, database, database_url, world

__all__ = ["clock", "database", "database_url", "world"]

settings.register_profile("engine", deadline=None)  # a busy machine is no failure
settings.load_profile("engine")

GIB = 1 << 30


@pytest.fixture
def layers():
    """The framework's tables and the engine's."""
    return (FRAMEWORK, schema.LAYER)


@pytest.fixture(autouse=True)
def somebody(world):
    """A context to do something in."""
    with context.use(context.begin(world.ids, "principal-1")) as current:
        yield current


class Open:
    """A gate through which everybody sees what `seen` says, everything if it says nothing."""

    order = 0

    def __init__(self, seen=None):
        self.seen = seen or (lambda who, action, kind: Everything())

    def may_call(self, who, command):
        return True

    def visible(self, who, action, kind):
        return self.seen(who, action, kind)

    def may_use(self, who, action, kind, entity):
        return holds(self.visible(who, action, kind), entity)


@pytest.fixture
def gate():
    """The class of gates for tests."""
    return Open


@pytest.fixture
def engine(database):
    """The engine behind a gate that is open."""
    return api.Engine(database, Open(), listings=api.LISTINGS, commands={})


@pytest.fixture
def site(database, world, layers):
    """A cloud of one zone, one cluster, one shared network of a /27 and one tenant, with builders of rows for more."""
    site = Site(database=database, world=world)
    vars(site).update(once("site", database, layers, site.lay_out))
    return site


def principal(user, account, domain, role):
    """The principal that a user is."""
    return Principal(user=user.uuid, account=account.uuid, role=role, scope=domain.path)


class Site(SimpleNamespace):
    """Rows by name, and builders that need a transaction."""

    def lay_out(self):
        """Make the cloud, and tell the names of what is in it."""
        with self.database.transaction() as tx:
            api.seed(tx, self.world)
        with self.database.transaction() as tx:
            self._lay_out(tx, self.world)
        self.root_admin = principal(self.root_user, self.root, self.root_domain, Role.ADMIN)
        self.tenant = principal(self.user, self.account, self.domain, Role.USER)
        return {name: each for name, each in vars(self).items() if name not in ("database", "world")}

    def first(self, tx, table, **where):
        """The first row with these values."""
        found = table.select().where(*(table.c[key] == value for key, value in where.items())).order_by(table.c.id)
        return tx.execute(found).first()

    def _lay_out(self, tx, world):
        self.root_domain = self.first(tx, schema.domain)
        self.root = self.first(tx, schema.account)
        self.root_user = self.first(tx, schema.account_user)
        self.os_type = self.first(tx, schema.os_type)
        self.offering = self.first(tx, schema.service_offering)
        self.network_offering = self.first(tx, schema.network_offering, name="DefaultSharedNetworkOffering")
        self.domain = api.create_domain(tx, world, name="sales", parent=self.root_domain)
        self.account = api.create_account(tx, world, name="ann", domain=self.domain)
        self.user = self.add_user(tx, self.account, "ann")
        self.zone = api.create_zone(
            tx, world, name="zone1", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced", state="Enabled"
        )
        self.pod = api.create_pod(tx, world, zone=self.zone, name="pod1")
        self.cluster = api.create_cluster(tx, world, pod=self.pod, name="cluster1", hypervisor="Simulator")
        self.pool = api.create_pool(
            tx,
            world,
            zone=self.zone,
            cluster=self.cluster,
            name="pool1",
            url="nfs://10.0.0.3/export/primary",
            capacity=1000 * GIB,
        )
        tx.execute(schema.pool.update().values(state="Up"))
        self.template = api.register_template(
            tx,
            world,
            account=self.root,
            os_type=self.os_type,
            name="tiny",
            url="https://example.org/tiny.qcow2",
            format="QCOW2",
            hypervisor="Simulator",
            is_public=True,
            is_featured=True,
        )
        self.network = api.create_network(
            tx,
            world,
            zone=self.zone,
            offering=self.network_offering,
            account=self.root,
            name="shared",
            gateway="10.1.1.1",
            netmask="255.255.255.224",
            start_ip="10.1.1.2",
            end_ip="10.1.1.30",
        )

    def add_user(self, tx, account, name):
        """A user of an account."""
        return api.create_user(
            tx, self.world, account=account, username=name, first_name=name, last_name="X", email=f"{name}@example.org"
        )

    def add_host(self, tx, name="host1", cpu=8000, memory=16384, **values):
        """A host that is open for work."""
        row = {
            "id": tx.new_id(),
            "uuid": self.world.ids.uuid(),
            "created": self.world.clock.now(),
            "name": name,
            "name_key": name,
            "zone_id": self.zone.id,
            "pod_id": self.pod.id,
            "cluster_id": self.cluster.id,
            "hypervisor": "Simulator",
            "url": f"http://{name}",
            "address": name,
            "state": "Enabled",
            "cpus": 8,
            "speed": 1000,
            "memory": memory,
            "cpu_total": cpu,
            "memory_total": memory,
            **values,
        }
        tx.insert(schema.host, [row])
        return SimpleNamespace(**row)

    def vm_row(self, tx, number, account=None, user=None, **values):
        """A row of a machine, not yet written."""
        account, user = account or self.account, user or self.user
        id = tx.new_id()
        return {
            "id": id,
            "uuid": self.world.ids.uuid(),
            "created": self.world.clock.now() + number,
            "name": f"vm-{number}",
            "name_key": f"vm-{number}",
            "display_name": f"machine {number}",
            "instance_name": f"i-{account.id}-{id}-VM",
            "account_id": account.id,
            "account_user_id": user.id,
            "zone_id": self.zone.id,
            "host_id": None,
            "service_offering_id": self.offering.id,
            "template_id": self.template.id,
            "os_type_id": self.os_type.id,
            "hypervisor": "Simulator",
            "state": "Stopped",
            "power": "PowerOff",
            "run": 0,
            "cpus": 1,
            "speed": 500,
            "memory": 512,
            **values,
        }

    def nic_row(self, tx, vm_id, **values):
        """A row of a network card, not yet written."""
        id = tx.new_id()
        return {
            "id": id,
            "uuid": self.world.ids.uuid(),
            "created": self.world.clock.now(),
            "vm_id": vm_id,
            "network_id": self.network.id,
            "address_id": None,
            "device": 0,
            "mac": api.mac(id),
            "ip4": None,
            "is_default": True,
            **values,
        }

    def volume_row(self, tx, vm_id, number, account=None, **values):
        """A row of a root volume, not yet written."""
        return {
            "id": tx.new_id(),
            "uuid": self.world.ids.uuid(),
            "created": self.world.clock.now(),
            "name": f"ROOT-{number}",
            "name_key": f"root-{number}",
            "account_id": (account or self.account).id,
            "zone_id": self.zone.id,
            "vm_id": vm_id,
            "pool_id": None,
            "disk_offering_id": self.offering.disk_offering_id,
            "template_id": self.template.id,
            "type": "ROOT",
            "device": 0,
            "size": GIB,
            "state": "Allocated",
            **values,
        }
