"""Networking by its commands, as the server calls the engine: what the tests of it work with."""

import pytest
import sqlalchemy

from stratiform.api.access import Any, Equals, Everything, SharedWith, Within
from stratiform.api.cloud import Query
from stratiform.api.principal import Role
from stratiform.engine import api
from stratiform.engine.check import BadParameter
from stratiform.engine.command import Record
from stratiform.framework.cluster.membership import Membership
from stratiform.framework.events.table import event
from stratiform.framework.jobs.kernel import Kernel

PROVIDERS = ["VirtualRouter", "VpcVirtualRouter", "InternalLbVm", "SecurityGroupProvider"]
GUESTS = {"gateway": "10.10.0.1", "netmask": "255.255.255.0", "startip": "10.10.0.10", "endip": "10.10.0.20"}
PUBLIC = {"gateway": "172.20.0.1", "netmask": "255.255.255.0", "startip": "172.20.0.2", "endip": "172.20.0.9"}
POD = {"gateway": "172.16.0.1", "netmask": "255.255.255.0", "startip": "172.16.0.10", "endip": "172.16.0.12"}


def seen(who, action, kind):
    """What is one's own and what is shared, to look at and to use."""
    if who.role is Role.ADMIN or kind not in ("network", "address"):
        return Everything()
    own = Equals("owner", who.account) if who.role is Role.USER else Within("scope", who.scope)
    return own if action.startswith("delete") else Any((own, SharedWith(who.account)))


class Cloud:
    """The engine as the server calls it, and a physical network of the site's zone to bring up."""

    def __init__(self, site, gate):
        self.site, world, database = site, site.world, site.database
        membership = Membership(database, world, "test", database_time=False)
        self.kernel = Kernel(
            world=world, database=database, registry=api.program.registry, membership=membership, provide=[]
        )
        self.kernel.join()
        self.engine = api.program.cloud(self.kernel, gate)

    def __call__(self, command, who=None, /, **arguments):
        """Do a command to its end: the row that it answers, None if that is gone."""
        who, does = who or self.site.root_admin, api.program.commands[command]
        if not isinstance(does, Record):
            return self.engine.change(command, who, arguments)
        filed = self.engine.submit(command, who, arguments)
        return filed.entity and self.engine.find(does.kind, who, command, filed.entity)

    def list(self, kind, who=None, **filters):
        return self.engine.list(kind, who or self.site.root_admin, "list", Query(filters=filters)).rows

    def one(self, kind, **filters):
        (row,) = self.list(kind, **filters)
        return row

    def physical(self, zone, traffic=("Guest", "Management", "Public"), **more):
        """The id of a physical network that is ready to carry networks."""
        id = self("createPhysicalNetwork", zoneid=zone, name="physical1", **more)["id"]
        for kind in traffic:
            self("addTrafficType", physicalnetworkid=id, traffictype=kind)
        for name in PROVIDERS:
            self.enable(self.one("service_provider", physicalnetworkid=id, name=name)["id"])
        return self("updatePhysicalNetwork", id=id, state="Enabled")["id"]

    def enable(self, provider):
        for element in self.list("network_element", nspid=provider):
            is_router = element in self.list("network_element", types=("VirtualRouter", "VpcVirtualRouter"))
            command = "configureVirtualRouterElement" if is_router else "configureInternalLoadBalancerElement"
            self(command, id=element["id"], enabled=True)
        return self("updateNetworkServiceProvider", id=provider, state="Enabled")

    def offering(self, name="DefaultSharedNetworkOffering"):
        return self.one("network_offering", name=name)["id"]

    def shared(self, who=None, /, **more):
        """A shared network of the site's zone."""
        asked = {"zoneid": self.site.zone.uuid, "networkofferingid": self.offering(), "name": "guests", "vlan": "100"}
        return self("createNetwork", who, **{**asked, **GUESTS, **more})

    def basic(self):
        """The id of a Basic zone, with its guest network and two pods with two hosts' worth of addresses each."""
        zone = {"name": "flat", "networktype": "Basic", "dns1": "8.8.8.8", "internaldns1": "10.0.0.2"}
        return self("createZone", **zone, securitygroupenabled=True)["id"]

    def guests(self, zone):
        name = "DefaultSharedNetworkOfferingWithSGService"
        return self("createNetwork", zoneid=zone, networkofferingid=self.offering(name), name="guests")


def refused(parameter, action, *what, **arguments):
    with pytest.raises(BadParameter) as raised:
        action(*what, **arguments)
    assert raised.value.parameters["parameter"] == parameter, raised.value
    return str(raised.value)


def events(site, uuid):
    found = sqlalchemy.select(event.c.kind).where(event.c.resource == uuid).order_by(event.c.id)
    with site.database.reading() as connection:
        return [*connection.execute(found).scalars()]


def count(site, table):
    with site.database.reading() as connection:
        return connection.execute(
            sqlalchemy.select(sqlalchemy.func.count()).select_from(table).where(table.c.removed.is_(None))
        ).scalar_one()
