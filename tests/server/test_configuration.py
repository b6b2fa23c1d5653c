"""Options and capabilities over the wire: listed as they are, set where they may be, and told truthfully."""

import json
from enum import StrEnum

import pytest
import sqlalchemy

import stratiform
from stratiform.api.cloud import Query
from stratiform.api.principal import Principal, Role
from stratiform.engine import api, schema
from stratiform.framework import context
from stratiform.framework.config import catalogue
from stratiform.framework.config.catalogue import Declared
from stratiform.framework.config.option import Option, at_least, between
from stratiform.framework.config.table import PUT
from stratiform.framework.config.values import GLOBAL
from stratiform.framework.events.table import event
from stratiform.framework.schema import FRAMEWORK
from stratiform.framework.testing.fixtures import database, database_url, world
from stratiform.framework.testing.statements import count
from stratiform.server import errors
from stratiform.server.configuration import Configuration, NoSuchOption, OperatorsPlace
from stratiform.server.handlers.call import PAGE_SIZE
from stratiform.server.handlers.capability import UI_PAGE_SIZE

__all__ = ["database", "database_url", "world"]


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


DELAY = Option("vm.delay", 10, "How long nothing happens.", unit="seconds", scopes=("global", "zone", "cluster"))
SHARE = Option("vm.share", 0.5, "How much of it.", check=between(0.0, 1.0))
PAINT = Option("wall.colour", Colour.RED, "What walls look like.", category="Walls", group="House", subgroup="Inside")
STRICT = Option("wall.strict", False, "Whether walls are looked at closely.")
QUOTA = Option("account.quota", 5, "How many of them.", scopes=("account", "domain"), check=at_least(0))
OPTIONS = (DELAY, SHARE, PAINT, STRICT, QUOTA, PAGE_SIZE)


class Gate:
    """What the tenant's administrator sees is the domain; anybody else sees everything."""

    order = 0

    def __init__(self, cloud):
        self.may_call, self.visible = cloud.may_call, cloud.visible

    def may_use(self, who, action, kind, entity):
        return who.role is Role.ADMIN or str(entity.get("scope")).startswith(who.scope)


@pytest.fixture
def layers():
    return (FRAMEWORK, schema.LAYER)


@pytest.fixture
def sown(database, world):
    """A zone and a cluster in a seeded cloud."""
    with context.use(context.begin(world.ids, "setup")), database.transaction() as tx:
        api.seed(tx, world)
        zone = api.create_zone(
            tx, world, name="zone1", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
        other = api.create_zone(
            tx, world, name="zone2", dns1="8.8.8.8", internal_dns1="10.0.0.2", network_type="Advanced"
        )
        pod = api.create_pod(tx, world, zone=zone, name="pod1")
        cluster = api.create_cluster(tx, world, pod=pod, name="cluster1", hypervisor="Simulator")
        domain = tx.execute(schema.domain.select()).one()
    return {"zone": zone, "other": other, "cluster": cluster, "domain": domain}


@pytest.fixture
def values(database):
    return api.program.config(database)


@pytest.fixture
def config(database, values, access):
    return Configuration(values, database, Gate(access), [Declared(each, "stratiform.engine.vm") for each in OPTIONS])


def listed(client, **filters):
    status, body = client("listConfigurations", **filters)
    assert status == 200
    return {each["name"]: each for each in body.get("configuration", ())}


def told(database):
    """The events of configuration: name and payload."""
    found = sqlalchemy.select(event).where(event.c.kind == "CONFIGURATION.VALUE.EDIT").order_by(event.c.generation)
    with database.reading() as connection:
        return [(row.resource_kind, row.resource, json.loads(row.payload)) for row in connection.execute(found)]


def test_an_option_tells_everything_about_itself(client):
    found = listed(client)
    assert [*found] == sorted(each.name for each in OPTIONS)
    assert found["vm.delay"] == {
        "category": "Advanced",
        "group": "Miscellaneous",
        "subgroup": "Others",
        "name": "vm.delay",
        "value": "10",
        "defaultvalue": "10",
        "scope": "Global, Zone, Cluster",
        "description": "How long nothing happens. In seconds.",
        "isdynamic": True,
        "component": "engine.vm",
        "displaytext": "Vm delay",
        "type": "Number",
    }
    assert (found["wall.colour"]["type"], found["wall.colour"]["options"]) == ("Select", "red,green")
    assert [found[each.name]["type"] for each in (SHARE, STRICT)] == ["Decimal", "Boolean"]
    assert found["wall.strict"]["value"] == "false"


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"name": "VM.Delay"}, ["vm.delay"]),
        ({"name": "vm"}, []),
        ({"keyword": "WALL"}, ["wall.colour", "wall.strict"]),
        ({"keyword": "closely"}, ["wall.strict"]),
        ({"category": "walls"}, ["wall.colour"]),
        ({"group": "House", "subgroup": "inside"}, ["wall.colour"]),
        ({"group": "House", "subgroup": "outside"}, []),
    ],
)
def test_options_are_narrowed(client, filters, names):
    assert [*listed(client, **filters)] == names


def test_options_come_in_pages(client):
    _, body = client("listConfigurations", page="2", pagesize="4")
    assert (body["count"], [each["name"] for each in body["configuration"]]) == (6, ["wall.colour", "wall.strict"])
    assert client("listConfigurations", page="3", pagesize="4") == (200, {"count": 6})
    assert len(listed(client, pagesize="-1")) == 6


def test_a_value_is_set_and_told_in_one_transaction(client, database, values):
    status, body = client("updateConfiguration", name="VM.DELAY", value=" 20 ")
    assert (status, body["configuration"]["name"], body["configuration"]["value"]) == (200, "vm.delay", "20")
    assert values.value(DELAY) == 20
    assert listed(client)["vm.delay"]["value"] == "20"
    assert told(database) == [("configuration", "vm.delay", {"name": "vm.delay", "value": "20", "scope": "global"})]


def test_events_of_an_option_come_in_their_order(client, database):
    for value in ("1", "2", "3"):
        client("updateConfiguration", name="vm.delay", value=value)
    assert [payload["value"] for _, _, payload in told(database)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "expunge.delay", "value": "60"}, "expunge.delay doesn't exist"),
        ({"name": "vm.delay", "value": "soon"}, "whole number"),
        ({"name": "vm.share", "value": "2"}, "between 0.0 and 1.0"),
        ({"name": "wall.strict", "value": "1"}, "true or false"),
        ({"name": "wall.colour", "value": "blue"}, "red, green"),
        ({"name": "vm.delay"}, "missing parameter value"),
        ({"value": "1"}, "missing parameter name"),
    ],
)
def test_what_no_option_can_be_is_refused_and_nothing_is_written(client, database, arguments, words):
    status, body = client("updateConfiguration", **arguments)
    assert status == 431
    assert words in body["errortext"]
    assert told(database) == []
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM config_value").scalar() == 0


def test_a_value_for_a_place_rules_there_and_below(client, database, sown, values):
    zone, cluster = sown["zone"], sown["cluster"]
    _, body = client("updateConfiguration", name="vm.delay", value="30", zoneid=zone.uuid)
    assert body["configuration"]["value"] == "30"
    assert listed(client, zoneid=zone.uuid)["vm.delay"]["value"] == "30"
    assert listed(client, clusterid=cluster.uuid)["vm.delay"]["value"] == "30"
    assert listed(client, zoneid=sown["other"].uuid)["vm.delay"]["value"] == "10"
    assert listed(client)["vm.delay"]["value"] == "10"
    assert values.value(DELAY, ("cluster", cluster.id)) == 30
    assert told(database)[-1][2] == {"name": "vm.delay", "value": "30", "scope": "zone", "zoneid": zone.uuid}


def test_an_empty_value_forgets_what_was_set_there(client, sown, values):
    zone = sown["zone"]
    client("updateConfiguration", name="vm.delay", value="20")
    client("updateConfiguration", name="vm.delay", value="30", zoneid=zone.uuid)
    _, body = client("updateConfiguration", name="vm.delay", value="", zoneid=zone.uuid)
    assert body["configuration"]["value"] == "20"
    _, body = client("updateConfiguration", name="vm.delay", value="")
    assert (body["configuration"]["value"], values.value(DELAY)) == ("10", 10)


def test_a_place_lists_what_can_be_set_for_it(client, sown):
    assert [*listed(client, zoneid=sown["zone"].uuid)] == ["vm.delay"]
    assert [*listed(client, domainid=sown["domain"].uuid)] == ["account.quota"]
    assert client("listConfigurations", clusterid=sown["cluster"].uuid, name="wall.colour") == (200, {})


def test_a_place_that_an_option_cannot_be_set_for_is_refused(client, database, sown):
    status, body = client("updateConfiguration", name="wall.colour", value="green", zoneid=sown["zone"].uuid)
    assert (status, "only for: global" in body["errortext"]) == (431, True)
    status, body = client("updateConfiguration", name="account.quota", value="1")
    assert (status, "only for: account, domain" in body["errortext"]) == (431, True)
    both = {"zoneid": sown["zone"].uuid, "clusterid": sown["cluster"].uuid}
    for command in ("listConfigurations", "updateConfiguration"):
        status, body = client(command, name="vm.delay", value="1", **both)
        assert (status, "one place" in body["errortext"]) == (431, True)
        status, body = client(command, name="vm.delay", value="1", zoneid="00000000-0000-7000-8000-000000000000")
        assert (status, "entity does not exist" in body["errortext"]) == (431, True)
    assert told(database) == []


def test_a_domains_administrator_sees_what_domains_and_accounts_have_of_their_own(config, services, sown, world):
    who = Principal(user="u", account="a", role=Role.DOMAIN_ADMIN, scope=sown["domain"].path)
    lists, sets = services.commands["listConfigurations"], services.commands["updateConfiguration"]
    place = {"domainid": sown["domain"].uuid}
    assert [row["name"] for row in config.list(who, lists, place)] == ["account.quota"]
    with pytest.raises(NoSuchOption, match="doesn't exist"):
        config.set(who, sets, {"name": "vm.delay", "value": "1"})
    with context.use(context.begin(world.ids, who.user)):
        row = config.set(who, sets, {"name": "account.quota", "value": "7"} | place)
    assert row["value"] == "7"
    assert [row["value"] for row in config.list(who, lists, place)] == ["7"]


def test_only_operators_see_and_set_what_holds_for_everybody(values, database, access, services, sown):
    """Even of an option that a domain may have of its own: without a place, the value is everybody's."""
    wide = Option("tenant.thing", 5, "How many.", scopes=("global", "zone", "domain"))
    config = Configuration(values, database, Gate(access), [Declared(wide, "stratiform.engine.vm")])
    lists, sets = services.commands["listConfigurations"], services.commands["updateConfiguration"]
    given = {"name": "tenant.thing", "value": "99"}
    for role in (Role.DOMAIN_ADMIN, Role.RESOURCE_ADMIN, Role.USER):
        who = Principal(user="u", account="a", role=role, scope=sown["domain"].path)
        for place in ({}, {"zoneid": sown["zone"].uuid}):
            with pytest.raises(OperatorsPlace, match=r"Give domainid or accountid\."):
                config.set(who, sets, given | place)
            with pytest.raises(OperatorsPlace):
                config.list(who, lists, place)
    assert (values.value(wide), told(database)) == (5, [])
    assert errors.status(OperatorsPlace(parameters="")).http == 531


def test_a_stored_value_that_is_none_any_more_is_listed_so_that_it_can_be_repaired(client, database, values):
    with database.transaction() as tx:
        row = {"name": "vm.share", "scope_kind": "global", "scope_id": 0, "value": "9", "updated": 0}
        tx.execute(PUT, row)
    values.refresh()
    assert listed(client)["vm.share"]["value"] == "9"
    client("updateConfiguration", name="vm.share", value="1")
    assert listed(client)["vm.share"]["value"] == "1.0"


def test_listing_asks_the_database_nothing_but_for_a_place(client, database, sown):
    listed(client)
    with count(database) as asked:
        listed(client)
    asked.expect(statements=0)
    with count(database) as asked:
        listed(client, zoneid=sown["zone"].uuid)
    asked.expect(statements=1)


def test_a_page_is_as_large_as_is_set(client, cloud):
    cloud.rows["zone"] = [{"id": f"zone-{number}", "name": f"zone{number}"} for number in range(7)]
    client("updateConfiguration", name="default.page.size", value="3")
    assert len(client("listZones")[1]["zone"]) == 3
    assert client("listZones")[1]["count"] == 7
    assert client("listZones", page="1", pagesize="4")[0] == 431
    assert len(client("listZones", page="1", pagesize="3")[1]["zone"]) == 3
    assert len(client("listZones", pagesize="-1")[1]["zone"]) == 7
    client("updateConfiguration", name="default.page.size", value="600")
    assert client("listZones", page="1", pagesize="600")[1]["count"] == 7
    assert client("updateConfiguration", name="default.page.size", value="0")[0] == 431


def test_every_option_of_the_installed_packages_can_be_shown():
    declared = catalogue.declared(stratiform)
    names = [each.option.name for each in declared]
    assert {"cpu.overprovisioning.factor", "ping.interval", "vm.placement", "default.page.size"} <= {*names}
    assert "default.ui.page.size" in names
    assert {scope for each in declared for scope in each.option.scopes} <= {GLOBAL[0], "host", *api.LISTINGS}
    assert all(each.option.description.endswith(".") for each in declared)


# Capabilities.


def capability(client, **more):
    status, body = client("listCapabilities", **more)
    assert status == 200
    return body["capability"]


def test_capabilities_follow_from_the_commands_and_from_who_may_call_them(client, access):
    found = capability(client)
    assert found["cloudstackversion"] == "4.23.0.0"
    assert (found["allowuserexpungerecovervm"], found["allowuserforcestopvm"]) == (True, True)
    assert (found["allowuserviewdestroyedvm"], found["userpublictemplateenabled"]) == (True, True)
    absent = ("dynamicrolesenabled", "allowusercreateprojects", "kvmsnapshotenabled", "kubernetesserviceenabled")
    absent += ("instanceleaseenabled", "dynamicscalingenabled", "additionalconfigenabled", "projectinviterequired")
    assert not any(found[each] for each in absent)
    assert found["supportELB"] == "false"
    access.denied.add("recoverVirtualMachine")
    assert capability(client)["allowuserexpungerecovervm"] is False


def test_users_see_their_neighbours_if_the_gate_lets_them(client, access):
    assert capability(client)["allowuserviewalldomainaccounts"] is True
    access.denied.add("account")
    assert capability(client)["allowuserviewalldomainaccounts"] is False


def test_there_are_security_groups_where_any_zone_has_them(client, cloud):
    assert capability(client)["securitygroupsenabled"] is False
    cloud.rows["zone"] = [{"id": "a", "name": "a"}, {"id": "b", "name": "b", "securitygroupsenabled": True}]
    assert capability(client)["securitygroupsenabled"] is True
    assert cloud.asked[-1][2] == Query(filters={}, pagesize=-1)


def test_a_user_interface_is_told_its_page_size(client, values, database):
    assert capability(client)["defaultuipagesize"] == 20
    with database.transaction() as tx:
        values.set(tx, UI_PAGE_SIZE, 50)
    assert capability(client)["defaultuipagesize"] == 50
