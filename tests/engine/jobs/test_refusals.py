"""What is refused: nothing is written, or the job fails and changes nothing; others see nothing of a tenant."""

import pytest
import sqlalchemy
from tests.engine.conftest import principal

from stratiform.api.principal import Role
from stratiform.engine import api, schema
from stratiform.framework.base import errors
from stratiform.framework.events.table import event
from stratiform.framework.jobs.table import job

COMMANDS = ("start", "stop", "reboot", "destroy", "expunge")


def counts(cloud):
    """How many rows there are of what a deployment writes."""
    tables = (schema.vm, schema.nic, schema.volume, job, event)
    return [cloud.rows(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)) for table in tables]


def elsewhere(cloud, tx):
    """Another zone."""
    return api.create_zone(tx, cloud.world, name="z2", dns1="8.8.8.8", internal_dns1="8.8.8.8", network_type="Advanced")


def refused(cloud, error, match, **arguments):
    """The deployment is refused with these words, and nothing of it is left."""
    before = counts(cloud)
    with pytest.raises(error, match=match):
        cloud.deploy(**arguments)
    assert counts(cloud) == before


@pytest.fixture
def other(cloud):
    """A tenant of another domain."""
    site = cloud.site
    with cloud.database.transaction() as tx:
        domain = api.create_domain(tx, cloud.world, name="other", parent=site.root_domain)
        account = api.create_account(tx, cloud.world, name="bob", domain=domain)
        user = site.add_user(tx, account, "bob")
    who = principal(user, account, domain, Role.USER)
    return type("Other", (), {"domain": domain, "account": account, "who": who})


@pytest.mark.parametrize(
    ("state", "refuses"),
    [
        ("Stopped", {"reboot"}),
        ("Destroyed", {"start", "stop", "reboot"}),
        ("Error", {"start", "stop", "reboot"}),
        ("Running", set()),
    ],
)
@pytest.mark.parametrize("command", ["start", "stop", "reboot", "destroy"])
def test_each_command_in_each_state(cloud, farm, state, refuses, command):
    if state == "Error":
        farm.then("start", ValueError(), ValueError())
    filed = cloud.deploy(startvm=state != "Stopped")
    cloud.settle()
    if state == "Destroyed":
        cloud.do("destroyVirtualMachine", filed.entity)
    before = cloud.vm(filed.entity)
    row = cloud.do(f"{command}VirtualMachine", filed.entity)
    assert row.outcome == ("failed" if command in refuses else "succeeded")
    if command in refuses:
        assert cloud.error(row.uuid) == "conflict"
        assert cloud.vm(filed.entity) == before, "nothing was changed"


@pytest.mark.parametrize("state", ["Running", "Stopped"])
def test_only_what_was_destroyed_is_expunged(cloud, state):
    filed = cloud.deploy(startvm=state == "Running")
    cloud.settle()
    with pytest.raises(errors.Conflict, match=rf"is {state}, which does not allow expunging it; destroy it first"):
        cloud.submit("expungeVirtualMachine", id=filed.entity)
    with pytest.raises(errors.Conflict, match="recovering"):
        cloud.server.engine.change("recoverVirtualMachine", cloud.site.tenant, {"id": filed.entity})


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_gone_is_not_found(cloud, command):
    vm = cloud.running()
    cloud.do("destroyVirtualMachine", vm, expunge=True)
    with pytest.raises(errors.NotFound, match=f"no vm with id {vm}"):
        cloud.submit(f"{command}VirtualMachine", id=vm)


def test_a_name_that_is_taken(cloud):
    cloud.deploy(name="web", startvm=False)
    refused(cloud, errors.Invalid, "already a vm with the name WEB", name="WEB")


def test_a_display_name_that_is_none(cloud):
    refused(cloud, errors.Invalid, "displayname", displayname="a\nb")


def test_an_offering_without_a_fixed_size(cloud):
    with cloud.database.transaction() as tx:
        free = api.create_service_offering(tx, cloud.world, name="free", display_text="free")
    refused(cloud, errors.Invalid, "serviceofferingid", serviceofferingid=free.uuid)


def test_a_template_that_is_not_ready_or_elsewhere(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.template.update().values(state="DOWNLOAD_IN_PROGRESS"))
    refused(cloud, errors.Invalid, "not ready yet")
    with cloud.database.transaction() as tx:
        tx.execute(schema.template.update().values(state="BYPASSED"))
        away = elsewhere(cloud, tx)
        tx.execute(schema.template.update().values(zone_id=away.id))
    refused(cloud, errors.Invalid, "not in this zone")


def test_a_disabled_zone_takes_operators_only(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.zone.update().values(state="Disabled"))
    refused(cloud, errors.Conflict, "is Disabled, which does not allow deploying there")
    cloud.running(who=cloud.site.root_admin)


def test_a_network_twice_or_of_another_zone(cloud):
    refused(cloud, errors.Invalid, "one card on a network", networkids=[cloud.wide.uuid, cloud.wide.uuid])
    with cloud.database.transaction() as tx:
        away = elsewhere(cloud, tx)
        tx.execute(schema.network.update().where(schema.network.c.id == cloud.wide.id).values(zone_id=away.id))
    refused(cloud, errors.Invalid, f"{cloud.wide.uuid} is not ready in the zone")


def test_hosts_are_not_for_tenants_to_choose_nor_to_be_of_another_zone(cloud):
    refused(cloud, errors.NotFound, "no host with id", hostid=cloud.hosts[0].uuid)
    with cloud.database.transaction() as tx:
        away = elsewhere(cloud, tx)
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[0].id).values(zone_id=away.id))
    refused(cloud, errors.Invalid, "not in the zone", who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid)


def test_a_pinned_host_that_is_full_is_the_only_one_asked(cloud):
    with cloud.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == cloud.hosts[0].id).values(memory_total=1))
    filed = cloud.deploy(who=cloud.site.root_admin, hostid=cloud.hosts[0].uuid)
    cloud.settle()
    assert cloud.error(filed) == "insufficient_server_capacity"


@pytest.mark.parametrize("state", ["disabled", "locked"])
def test_an_account_that_may_not_act(cloud, state):
    with cloud.database.transaction() as tx:
        tx.execute(schema.account.update().where(schema.account.c.id == cloud.site.account.id).values(state=state))
    refused(cloud, errors.Conflict, f"is {state}")


def test_of_another_tenants_machine_nothing_can_be_seen_or_done(cloud, other):
    vm = cloud.running()
    before = cloud.vm(vm)
    for command in COMMANDS:
        with pytest.raises(errors.NotFound, match=f"no vm with id {vm}"):
            cloud.submit(f"{command}VirtualMachine", other.who, id=vm)
    for command in ("recoverVirtualMachine", "updateVirtualMachine"):
        with pytest.raises(errors.NotFound, match=f"no vm with id {vm}"):
            cloud.server.engine.change(command, other.who, {"id": vm, "displayname": "mine"})
    assert cloud.vm(vm) == before


def test_of_another_tenants_job_nothing_can_be_seen(cloud, other):
    filed = cloud.deploy()
    cloud.settle()
    history = cloud.server.history
    assert history.find(filed.job, cloud.site.tenant).resource == f"vm/{filed.entity}"
    for unseen in (filed.job, "0190f3c2-2222-7000-8000-000000000001"):
        with pytest.raises(errors.NotFound, match=f"no job with id {unseen}"):
            history.find(unseen, other.who)
    with pytest.raises(errors.NotFound):
        history.latest(f"vm/{filed.entity}", other.who)


def test_another_tenants_network_and_template(cloud, other):
    site = cloud.site
    with cloud.database.transaction() as tx:
        private = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=other.account, name="bobs",
            gateway="10.4.0.1", netmask="255.255.255.0", start_ip="10.4.0.2", end_ip="10.4.0.9", acl_type="Account",
        )  # fmt: skip
        of_domain = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=other.account, name="others",
            gateway="10.5.0.1", netmask="255.255.255.0", start_ip="10.5.0.2", end_ip="10.5.0.9",
        )  # fmt: skip
        template = api.register_template(
            tx, cloud.world, account=other.account, os_type=site.os_type, name="bobs", url="https://x.example/t",
            format="QCOW2", hypervisor="Simulator",
        )  # fmt: skip
    refused(cloud, errors.NotFound, "no network with id", networkids=[private.uuid])
    refused(cloud, errors.NotFound, "no template with id", templateid=template.uuid)
    refused(cloud, errors.NotFound, "no network with id", networkids=[of_domain.uuid])
    refused(
        cloud, errors.Invalid, "for machines of ann", networkids=[private.uuid], who=site.root_admin, account="ann",
        domainid=site.domain.uuid,
    )  # fmt: skip
    cloud.running(who=other.who, networkids=[private.uuid, of_domain.uuid], templateid=template.uuid)


def test_an_operator_without_a_choice_gets_no_tenants_network(cloud, other):
    site = cloud.site
    with cloud.database.transaction() as tx:
        tx.execute(schema.network.update().values(acl_type="Account", account_id=other.account.id))
    refused(cloud, errors.Invalid, "no shared network that you may use", networkids=None, who=site.root_admin)
    cloud.running(networkids=None, who=other.who)


def test_deploying_for_somebody_else_is_the_operators(cloud, other):
    site = cloud.site
    mine = {"account": "ann", "domainid": site.domain.uuid}
    refused(cloud, errors.NotFound, "no account", who=other.who, **mine)
    refused(cloud, errors.NotFound, "no account", who=site.root_admin, **mine | {"account": "nobody"})
    vm = cloud.running(who=site.root_admin, **mine)
    assert cloud.vm(vm).account_id == site.account.id
    assert cloud.server.history.latest(f"vm/{vm}", site.tenant).account_name == "ann"
