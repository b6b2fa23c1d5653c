"""The end of accounts and domains: all that they own goes, nothing else does, and a failure can be repeated."""

import contextvars
import threading
import time

import pytest
import sqlalchemy
from sqlalchemy import text
from tests.engine.conftest import principal
from tests.engine.jobs.farm import Broken

from stratiform.api.errors import InUse
from stratiform.api.principal import Role
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.framework.base import errors

OWNED = (schema.vm, schema.volume, schema.network, schema.template, schema.ssh_key_pair, schema.account_user)


@pytest.fixture
def root(cloud):
    return cloud.site.root_admin


@pytest.fixture
def other(cloud):
    """A tenant of another domain."""
    with cloud.database.transaction() as tx:
        domain = api.create_domain(tx, cloud.world, name="other", parent=cloud.site.root_domain)
        account = api.create_account(tx, cloud.world, name="bob", domain=domain)
        user = cloud.site.add_user(tx, account, "bob")
    return principal(user, account, domain, Role.USER)


@pytest.fixture
def neighbour(cloud):
    """Another tenant of the same domain."""
    with cloud.database.transaction() as tx:
        account = api.create_account(tx, cloud.world, name="eve", domain=cloud.site.domain)
        user = cloud.site.add_user(tx, account, "eve")
    return principal(user, account, cloud.site.domain, Role.USER)


def own(cloud, gateway="10.9.0.1"):
    """A volume of no machine, a network of its own, a template and a key pair of the tenant's."""
    site, prefix = cloud.site, gateway.rpartition(".")[0]
    with cloud.database.transaction() as tx:
        tx.insert(schema.volume, [site.volume_row(tx, None, 1, type="DATADISK", device=None)])
        network = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.account, name="own",
            gateway=gateway, netmask="255.255.255.0", start_ip=f"{prefix}.2", end_ip=f"{prefix}.9",
        )  # fmt: skip
        api.register_template(
            tx, cloud.world, account=site.account, os_type=site.os_type, name="own", format="QCOW2",
            url="https://example.org/own.qcow2", hypervisor="Simulator",
        )  # fmt: skip
        api.create_ssh_key_pair(
            tx, cloud.world, account=site.account, name="laptop", public_key="ssh-rsa AAAA", fingerprint="00:11"
        )
    return network


def left(cloud, account=None):
    """What there is still of an account, by table."""
    id = (account or cloud.site.account).id
    found = {}
    for table in OWNED:
        live = sqlalchemy.select(table.c.id).where(table.c.account_id == id, table.c.removed.is_(None))
        if rows := cloud.rows(live):
            found[table.name] = len(rows)
    return found


def row(cloud, table, row):
    (found,) = cloud.rows(sqlalchemy.select(table).where(table.c.id == row.id))
    return found


def end(cloud, who=None, account=None):
    """deleteAccount, to its end: its job's row."""
    filed = cloud.submit("deleteAccount", who or cloud.site.root_admin, id=(account or cloud.site.account).uuid)
    cloud.settle()
    return cloud.job(filed)


def test_an_account_goes_with_all_that_it_owns_and_nothing_else(cloud, farm, other):
    cloud.running()
    cloud.deploy(startvm=False)
    thrown = cloud.running()
    cloud.do("destroyVirtualMachine", thrown)
    farm.then("start", *[Broken(reason="no")] * 2)
    cloud.deploy()
    cloud.settle()
    own(cloud)
    theirs = cloud.running(who=other)
    assert {each.state for each in cloud.rows(sqlalchemy.select(schema.vm.c.state))} == {
        "Running", "Stopped", "Destroyed", "Error",
    }  # fmt: skip
    ended = end(cloud)
    assert ended.outcome == "succeeded", ended.error
    assert left(cloud) == {}
    gone = row(cloud, schema.account, cloud.site.account)
    assert (gone.state, gone.removed is not None) == ("disabled", True)
    assert cloud.events(gone.uuid)[-1][0] == "ACCOUNT.DELETE"
    assert cloud.events(cloud.site.user.uuid)[-1][0] == "USER.DELETE"
    assert cloud.vm(theirs).state == "Running"
    assert (len(farm.running), len(farm.disks), cloud.taken()) == (1, 1, 1)
    assert ended.fair_key == cloud.site.root.uuid
    assert ended.resource == f"account/{gone.uuid}"


def test_from_its_acceptance_on_nothing_new_is_made_for_it(cloud, root):
    domain = cloud.site.domain.uuid
    filed = cloud.submit("deleteAccount", root, id=cloud.site.account.uuid)
    ending = row(cloud, schema.account, cloud.site.account)
    assert (ending.state, ending.needs_cleanup, ending.removed) == ("disabled", True, None)
    for who, more in ((None, {}), (root, {"account": "ann", "domainid": domain})):
        with pytest.raises(errors.Conflict, match="is disabled, which does not allow deploying for it"):
            cloud.deploy(who, **more)
    with pytest.raises(errors.Conflict, match="being ended"), cloud.database.transaction() as tx:
        api.move_account(tx, cloud.world, ending, "enable")
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    with pytest.raises(errors.NotFound):
        cloud.submit("deleteAccount", root, id=cloud.site.account.uuid)


def blocked(cloud):
    """Wait until a transaction waits for another's lock; SQLite has one writer at a time anyway."""
    here = "wait_event_type = 'Lock' AND datname = current_database()"
    waits = text(f"SELECT count(*) FROM pg_stat_activity WHERE {here}")
    deadline = time.monotonic() + 30
    while cloud.database.dialect == "postgresql" and not cloud.rows(waits)[0][0]:
        assert time.monotonic() < deadline, "nobody waits"


def beside(function, *arguments):
    """A thread that does it in this context."""
    return threading.Thread(target=contextvars.copy_context().run, args=(function, *arguments))


@pytest.mark.parametrize("first", ["deploy", "delete"])
def test_a_deployment_and_the_end_at_once(cloud, root, first):
    """The deployment is seen by the end, or refused; there is no third way."""
    engine = cloud.server.engine
    site = cloud.site
    deploy = {
        "zoneid": site.zone.uuid, "serviceofferingid": site.offering.uuid, "templateid": site.template.uuid,
        "networkids": [cloud.wide.uuid], "startvm": False,
    }  # fmt: skip
    asked = [("deployVirtualMachine", site.tenant, deploy), ("deleteAccount", root, {"id": site.account.uuid})]
    (command, who, arguments), then = asked if first == "deploy" else asked[::-1]
    came = []

    def second():
        try:
            came.append(engine.submit(*then))
        except errors.Conflict as refused:
            came.append(refused)

    rival = beside(second)
    with cloud.server.kernel.transaction() as work:
        engine.commands[command].run(engine._call(work.tx, command, who, arguments, work))
        rival.start()
        blocked(cloud)
    rival.join(30)
    assert len(came) == 1
    assert isinstance(came[0], errors.Conflict) == (first == "delete")
    cloud.settle()
    assert left(cloud) == {}
    assert row(cloud, schema.account, site.account).removed is not None


def test_it_waits_for_what_is_under_way(cloud, farm, root):
    booting = threading.Event()
    farm.then("start", booting)
    cloud.deploy()
    cloud.until(lambda: farm.calls["start"])
    filed = cloud.submit("deleteAccount", root, id=cloud.site.account.uuid)
    cloud.pass_time(3)
    assert (cloud.job(filed).state, farm.calls["stop"]) == ("waiting", 0)
    booting.set()
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert (left(cloud), farm.running, farm.disks) == ({}, {}, {})


def test_twice_at_once_and_beside_its_machines_own_end(cloud, root):
    vm = cloud.running()
    filed = [
        cloud.submit("destroyVirtualMachine", id=vm, expunge=True),
        cloud.submit("deleteAccount", root, id=cloud.site.account.uuid),
        cloud.submit("deleteAccount", root, id=cloud.site.account.uuid),
    ]
    cloud.settle(cloud.server, cloud.serve("second"))
    assert [cloud.job(each).outcome for each in filed] == ["succeeded"] * 3
    assert left(cloud) == {}


def test_a_machine_whose_expunging_failed_is_expunged(cloud, farm):
    vm = cloud.running()
    farm.then("delete", Broken(reason="no"))
    assert cloud.do("destroyVirtualMachine", vm, expunge=True).outcome == "failed"
    assert cloud.vm(vm).state == "Expunging"
    assert end(cloud).outcome == "succeeded"
    assert (left(cloud), farm.disks) == ({}, {})


def test_a_failure_leaves_it_closed_and_can_be_repeated(cloud, root, neighbour):
    network = own(cloud)
    guest = cloud.running(who=neighbour, networkids=[network.uuid])
    cloud.running()
    failed = end(cloud)
    assert cloud.error(failed.uuid) == "in_use"
    ending = row(cloud, schema.account, cloud.site.account)
    assert (ending.state, ending.needs_cleanup, ending.removed) == ("disabled", True, None)
    assert left(cloud) == {"network": 1, "template": 1, "ssh_key_pair": 1, "account_user": 1}
    assert cloud.vm(guest).state == "Running"
    cloud.do("destroyVirtualMachine", guest, root, expunge=True)
    assert end(cloud).outcome == "succeeded"
    assert left(cloud) == {}


def test_nobody_ends_his_own_account_or_the_clouds(cloud, root):
    with pytest.raises(BadParameter, match="it is yours"):
        cloud.submit("deleteAccount", root, id=cloud.site.root.uuid)
    with cloud.database.transaction() as tx:
        account = api.create_account(tx, cloud.world, name="chief", domain=cloud.site.root_domain, role=Role.ADMIN)
        chief = principal(cloud.site.add_user(tx, account, "chief"), account, cloud.site.root_domain, Role.ADMIN)
    with pytest.raises(BadParameter, match="own account cannot be removed"):
        cloud.submit("deleteAccount", chief, id=cloud.site.root.uuid)


# Domains.


@pytest.fixture
def tree(cloud):
    """A domain below the tenant's with an account of each role that is not the root's, by role."""
    made = {}
    with cloud.database.transaction() as tx:
        below = api.create_domain(tx, cloud.world, name="below", parent=cloud.site.domain)
        for role in (Role.USER, Role.DOMAIN_ADMIN):
            account = api.create_account(tx, cloud.world, name=f"deep {role}", domain=below, role=role)
            made[role] = principal(cloud.site.add_user(tx, account, f"deep {role}"), account, below, role)
    made["domain"] = below
    return made


def test_a_domain_that_is_not_empty_is_kept_without_cleanup(cloud, root, tree):
    for domain in (cloud.site.domain, tree["domain"]):
        with pytest.raises(InUse):
            cloud.submit("deleteDomain", root, id=domain.uuid)
        assert row(cloud, schema.domain, domain).needs_cleanup is False


def test_an_empty_domain_is_removed_at_once(cloud, root):
    with cloud.database.transaction() as tx:
        empty = api.create_domain(tx, cloud.world, name="empty", parent=cloud.site.domain)
    filed = cloud.submit("deleteDomain", root, id=empty.uuid)
    assert row(cloud, schema.domain, empty).removed is not None
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"


def test_a_domain_goes_with_its_accounts_and_the_domains_below(cloud, farm, root, tree, other):
    cloud.running()
    cloud.running(who=tree[Role.USER])
    theirs = cloud.running(who=other)
    filed = cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    states = sqlalchemy.select(schema.account.c.state).where(schema.account.c.needs_cleanup)
    assert [each.state for each in cloud.rows(states)] == ["disabled"] * 3
    cloud.settle(cloud.server, cloud.serve("second"))
    assert cloud.job(filed).outcome == "succeeded"
    assert left(cloud) == {}
    for domain in (cloud.site.domain, tree["domain"]):
        assert row(cloud, schema.domain, domain).removed is not None
        assert cloud.events(domain.uuid)[-1][0] == "DOMAIN.DELETE"
    assert cloud.vm(theirs).state == "Running"
    assert len(farm.running) == 1


def test_nothing_comes_into_a_domain_that_is_being_ended(cloud, root, tree):
    filed = cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    for domain in (cloud.site.domain, tree["domain"]):
        with pytest.raises(errors.Conflict, match="being ended"), cloud.database.transaction() as tx:
            api.create_account(tx, cloud.world, name="late", domain=domain)
        with pytest.raises(errors.Conflict, match="being ended"):
            cloud.server.engine.change("createDomain", root, {"name": "late", "parentdomainid": domain.uuid})
    listed = cloud.server.engine.find("domain", root, "listDomains", tree["domain"].uuid)
    assert listed["state"] == "Inactive"
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"


def test_a_domain_that_is_made_while_its_parent_ends_goes_too(cloud, root, tree):
    asked = ("deleteDomain", root, {"id": cloud.site.domain.uuid, "cleanup": True})
    rival = beside(cloud.server.engine.submit, *asked)
    with cloud.database.transaction() as tx:
        late = api.create_domain(tx, cloud.world, name="late", parent=tree["domain"])
        rival.start()
        blocked(cloud)
    rival.join(30)
    cloud.settle()
    assert row(cloud, schema.domain, late).removed is not None
    assert row(cloud, schema.domain, cloud.site.domain).removed is not None


def test_what_else_refers_to_a_domain_keeps_it_before_anything_is_lost(cloud, root, tree):
    with cloud.database.transaction() as tx:
        tx.execute(schema.zone.update().values(domain_id=tree["domain"].id))
    with pytest.raises(InUse, match="domain below is in use by a zone"):
        cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    assert row(cloud, schema.account, cloud.site.account).state == "enabled"
    assert row(cloud, schema.domain, cloud.site.domain).needs_cleanup is False


def test_machines_on_each_others_networks_do_not_keep_them(cloud, farm, root, neighbour):
    cloud.running(who=neighbour, networkids=[own(cloud).uuid])
    deleting = threading.Event()
    farm.then("delete", deleting)
    filed = cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    cloud.until(lambda: farm.calls["delete"])
    cloud.pass_time(3)
    assert cloud.job(filed).state == "waiting"
    deleting.set()
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"
    assert row(cloud, schema.domain, cloud.site.domain).removed is not None


def test_a_network_that_is_lent_to_a_domain_keeps_it(cloud, root, tree):
    site = cloud.site
    with cloud.database.transaction() as tx:
        lent = api.create_network(
            tx, cloud.world, zone=site.zone, offering=site.network_offering, account=site.root, name="lent",
            domain=tree["domain"], gateway="10.8.0.1", netmask="255.255.255.0", start_ip="10.8.0.2",
        )  # fmt: skip
    with pytest.raises(InUse, match="domain below is in use by the network lent"):
        cloud.submit("deleteDomain", root, id=site.domain.uuid, cleanup=True)
    assert row(cloud, schema.account, site.account).state == "enabled"
    with cloud.database.transaction() as tx:
        api.remove_network(tx, cloud.world, lent)
    filed = cloud.submit("deleteDomain", root, id=site.domain.uuid, cleanup=True)
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"


def test_a_failure_below_leaves_the_domain_closed_and_can_be_repeated(cloud, farm, root, neighbour):
    cloud.running(who=neighbour)
    farm.then("delete", Broken(reason="no"))
    filed = cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    cloud.settle()
    assert cloud.error(filed) == "broken"
    assert row(cloud, schema.domain, cloud.site.domain).removed is None
    assert row(cloud, schema.account, cloud.site.account).needs_cleanup
    filed = cloud.submit("deleteDomain", root, id=cloud.site.domain.uuid, cleanup=True)
    cloud.settle()
    assert cloud.job(filed).outcome == "succeeded"


def test_nobody_ends_the_domain_that_he_is_in(cloud, root, tree):
    for who, domain in ((root, cloud.site.root_domain), (tree[Role.DOMAIN_ADMIN], tree["domain"])):
        with pytest.raises(BadParameter, match="the domain that you are in"):
            cloud.submit("deleteDomain", who, id=domain.uuid, cleanup=True)


def test_an_administrator_of_a_domain_ends_nobody_who_may_do_more(cloud, tree):
    with cloud.database.transaction() as tx:
        api.create_account(tx, cloud.world, name="hands", domain=tree["domain"], role=Role.RESOURCE_ADMIN)
        account = api.create_account(tx, cloud.world, name="head", domain=cloud.site.domain, role=Role.DOMAIN_ADMIN)
        head = principal(cloud.site.add_user(tx, account, "head"), account, cloud.site.domain, Role.DOMAIN_ADMIN)
    with pytest.raises(errors.Denied, match="may do more"):
        cloud.submit("deleteDomain", head, id=tree["domain"].uuid, cleanup=True)
