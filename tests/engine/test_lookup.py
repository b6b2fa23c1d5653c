"""Finding what a command names: another tenant's is not there."""

import pytest

from stratiform.api.access import Equals, Everything
from stratiform.engine import api, schema
from stratiform.framework.base import errors


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
