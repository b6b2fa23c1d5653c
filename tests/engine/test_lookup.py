"""Finding what a command names: another tenant's is not there."""

import pytest

from stratiform.api.access import Equals, Everything
from stratiform.engine import api, lookup, schema
from stratiform.framework.base import errors
from stratiform.framework.testing.statements import count


def own(who, action, kind):
    """A tenant sees his own."""
    return Equals("owner", who.account)


@pytest.fixture
def machines(site):
    """One machine of the tenant's and one of the administrator's."""
    with site.database.transaction() as tx:
        rows = [site.vm_row(tx, 1), site.vm_row(tx, 2, site.root, site.root_user)]
        tx.insert(schema.vm, rows)
    return rows


def find(site, gate, value, who=None, **options):
    with site.database.reading() as connection:
        return api.find(
            connection, api.LISTINGS["vm"], value, who or site.tenant, "startVirtualMachine", gate, **options
        )


def test_it_is_found_by_its_uuid_and_not_by_its_number(site, gate, machines):
    assert find(site, gate(own), machines[0]["uuid"]).id == machines[0]["id"]
    with pytest.raises(errors.NotFound):
        find(site, gate(own), str(machines[0]["id"]))


def test_what_is_not_seen_and_what_is_not_there_are_told_alike(site, gate, machines):
    told = []
    for value in (machines[1]["uuid"], "00000000-0000-7000-8000-000000000000"):
        with pytest.raises(errors.NotFound) as refused:
            find(site, gate(own), value)
        told.append(str(refused.value).replace(value, "it"))
    assert told[0] == told[1]


def test_what_is_seen_but_not_allowed_is_denied(site, gate, machines):
    class Looking(gate):
        def may_use(self, who, action, kind, entity):
            return False

    with pytest.raises(errors.Denied, match="startVirtualMachine the vm"):
        find(site, Looking(lambda *_: Everything()), machines[1]["uuid"])


def test_what_is_removed_is_found_only_if_asked(site, gate, machines):
    with site.database.transaction() as tx:
        tx.execute(schema.vm.update().values(removed=1))
    with pytest.raises(errors.NotFound):
        find(site, gate(own), machines[0]["uuid"])
    assert find(site, gate(own), machines[0]["uuid"], removed=True).removed == 1


def test_the_engine_finds_removed_ones_as_rows_of_their_list(site, engine, machines):
    with site.database.transaction() as tx:
        tx.execute(schema.vm.update().values(removed=1, state="Expunging"))
    row = engine.find("vm", site.root_admin, "expungeVirtualMachine", machines[0]["uuid"])
    assert row["state"] == "Expunging"
    with pytest.raises(errors.NotFound):
        engine.find("vm", site.root_admin, "expungeVirtualMachine", "00000000-0000-7000-8000-000000000000")


def find_all(site, gate, named, who=None):
    listings = [(api.LISTINGS[kind], value) for kind, value in named]
    with site.database.reading() as connection:
        return lookup.find_all(connection, listings, who or site.tenant, "deployVirtualMachine", gate)


def test_several_are_found_in_one_statement_as_each_alone(site, gate, machines):
    named = [("zone", site.zone.uuid), ("vm", machines[0]["uuid"]), ("template", site.template.uuid)]
    with site.database.reading() as connection:
        alone = [
            api.find(connection, api.LISTINGS[kind], value, site.root_admin, "startVirtualMachine", gate())
            for kind, value in named
        ]
    with count(site.database) as counted:
        together = find_all(site, gate(), named, site.root_admin)
    counted.expect(statements=1)
    assert [row._asdict() for row in together] == [row._asdict() for row in alone]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_of_several_the_one_is_told_that_is_not_there(site, gate, machines, gone):
    named = [("zone", site.zone.uuid), ("vm", machines[0]["uuid"]), ("template", site.template.uuid)]
    named[gone] = (named[gone][0], "00000000-0000-7000-8000-000000000000")
    with pytest.raises(errors.NotFound, match=named[gone][0]):
        find_all(site, gate(), named)


def test_of_several_one_that_is_somebody_elses_is_not_there(site, gate, machines):
    def seen(who, action, kind):
        return own(who, action, kind) if kind == "vm" else Everything()

    assert find_all(site, gate(seen), [("zone", site.zone.uuid), ("vm", machines[0]["uuid"])])
    with pytest.raises(errors.NotFound, match="vm"):
        find_all(site, gate(seen), [("zone", site.zone.uuid), ("vm", machines[1]["uuid"])])


def test_of_several_none_is_found_that_was_removed_a_moment_ago(site, gate):
    named = [("zone", site.zone.uuid), ("service_offering", site.offering.uuid)]
    assert len(find_all(site, gate(), named)) == 2
    with site.database.transaction() as tx:
        tx.execute(schema.service_offering.update().values(removed=1))
    with pytest.raises(errors.NotFound, match="service offering"):
        find_all(site, gate(), named)
