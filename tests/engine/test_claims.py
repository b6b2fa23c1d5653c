"""Addresses and capacity: nothing is given twice, and a recount agrees with every counter."""

import threading

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratiform.engine import api, schema
from stratiform.engine.address import service as address
from stratiform.engine.address.service import Wanted
from stratiform.engine.capacity import service as capacity
from stratiform.framework.testing.statements import count

GIB = 1 << 30
FREE = 29  # of 10.1.1.2 to 10.1.1.30


def states(database):
    found = sqlalchemy.select(schema.address.c.state, sqlalchemy.func.count()).group_by(schema.address.c.state)
    with database.reading() as connection:
        return dict(connection.execute(found).all())


def wanted(site, *nics, ip4=None):
    return [Wanted(nic, site.network.id, site.account.id, ip4) for nic in nics]


def test_the_lowest_free_ones_are_claimed_in_one_statement(site):
    with site.database.transaction() as tx, count(site.database) as counted:
        got = address.claim(tx, wanted(site, *range(5)))
    assert {nic: claimed.ip4 for nic, claimed in got.items()} == {n: f"10.1.1.{2 + n}" for n in range(5)}
    counted.expect(statements=1)


def test_the_gateway_is_never_given_out(database, world, site):
    with database.transaction() as tx:
        api.create_network(
            tx, world, zone=site.zone, offering=site.network_offering, account=site.root, name="other",
            gateway="10.2.0.5", netmask="255.255.255.240", start_ip="10.2.0.4", end_ip="10.2.0.6",
        )  # fmt: skip
        found = tx.execute(
            sqlalchemy.select(schema.address.c.ip4).where(schema.address.c.ip4.startswith("10.2."))
        ).scalars()
        assert sorted(found) == ["10.2.0.4", "10.2.0.6"]


def test_an_address_asked_for_is_claimed_or_none(site):
    with site.database.transaction() as tx:
        assert address.claim(tx, wanted(site, 1, ip4="10.1.1.20"))[1].ip4 == "10.1.1.20"
        assert address.claim(tx, wanted(site, 2, ip4="10.1.1.20")) == {}
        assert address.claim(tx, wanted(site, 3, ip4="10.9.9.9")) == {}
        assert len(address.claim(tx, [*wanted(site, 4, ip4="10.1.1.2"), *wanted(site, 5)])) == 2


def test_networks_do_not_take_each_others(database, world, site):
    with database.transaction() as tx:
        other = api.create_network(
            tx, world, zone=site.zone, offering=site.network_offering, account=site.root, name="other",
            gateway="10.2.0.1", netmask="255.255.255.0", start_ip="10.2.0.2", end_ip="10.2.0.3",
        )  # fmt: skip
        mixed = [Wanted(nic, network, site.account.id) for nic in range(4) for network in (site.network.id, other.id)]
        mixed = [Wanted(number, each.network_id, each.account_id) for number, each in enumerate(mixed)]
        got = address.claim(tx, mixed)
    assert len(got) == 4 + 2
    assert len({claimed.ip4 for claimed in got.values()}) == 6


def test_released_ones_are_free_again_and_doubted_ones_are_not(site):
    with site.database.transaction() as tx:
        address.claim(tx, wanted(site, 1, 2, 3))
        address.doubt(tx, [1])
        address.release(tx, [2, 2, 99])
    assert states(site.database) == {"Allocated": 1, "Releasing": 1, "Free": FREE - 2}
    with site.database.transaction() as tx:
        address.release(tx, [1, 2, 3])
        address.release(tx, [1])
    assert states(site.database) == {"Free": FREE}


def test_rivals_never_get_the_same_address(site):
    got, lost = [], []
    start = threading.Barrier(8)

    def run(number):
        start.wait()
        for turn in range(3):
            nics = [1000 * number + 10 * turn + place for place in range(3)]
            claimed = site.database.run(lambda tx, nics=nics: address.claim(tx, wanted(site, *nics)))
            got.extend(claim.ip4 for claim in claimed.values())
            lost.extend(set(nics) - set(claimed))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(got) == len(set(got)) == FREE, "a /27 is given out to the last and none twice"
    assert len(lost) == 8 * 9 - FREE


def test_overlapping_ranges_are_refused(database, world, site):
    from stratiform.engine.check import BadParameter

    with (
        database.transaction() as tx,
        pytest.raises(BadParameter, match=r"overlaps with the range 10\.1\.1\.2-10\.1\.1\.30"),
    ):
        api.create_ip_range(tx, world, network=site.network, zone=site.zone, start_ip="10.1.1.30")


def test_a_host_gives_all_or_nothing(site):
    with site.database.transaction() as tx:
        hosts = [site.add_host(tx, f"h{n}", cpu=1000, memory=1000).id for n in range(3)]
        with count(site.database) as counted:
            got = capacity.claim_hosts(
                tx, [(hosts[0], 600, 10, 1), (hosts[1], 600, 10, 1), (hosts[0], 600, 10, 1), (hosts[2], 1000, 1000, 5)]
            )
        assert got == {hosts[1], hosts[2]}
        counted.expect(statements=1)
        assert capacity.claim_hosts(tx, [(hosts[2], 0, 1, 1)]) == set()
        assert capacity.claim_hosts(tx, []) == set()


@pytest.mark.parametrize(
    ("state", "given"), [("Enabled", True), ("Disabled", False), ("Inactive", False), ("Maintenance", False)]
)
def test_only_hosts_that_are_open_give(site, state, given):
    with site.database.transaction() as tx:
        host = site.add_host(tx, state=state)
        assert bool(capacity.claim_hosts(tx, [(host.id, 1, 1, 1)])) is given
        assert capacity.claim_hosts(tx, [(host.id, 1, 1, 1)], admitting=("Enabled", state)) == {host.id}


def test_no_more_is_given_back_than_was_claimed(site):
    with site.database.transaction() as tx:
        host = site.add_host(tx)
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        site.database.run(lambda tx: capacity.release_hosts(tx, [(host.id, 1, 0, 0)]))


def test_rivals_never_claim_more_than_there_is(site):
    with site.database.transaction() as tx:
        hosts = [site.add_host(tx, f"h{n}", cpu=1000, memory=100_000).id for n in range(3)]
    won = []

    def run(number):
        order = hosts if number % 2 else hosts[::-1]
        for _ in range(10):
            got = site.database.run(lambda tx: capacity.claim_hosts(tx, [(host, 100, 1, 1) for host in order]))
            won.extend(got)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(won) == sorted(hosts * 10)


actions = st.lists(
    st.tuples(st.sampled_from(["place", "vacate", "store", "drop"]), st.integers(0, 5), st.integers(0, 2)), max_size=25
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=actions)
def test_a_recount_agrees_with_the_counters(site, actions):
    vm, nic, volume = schema.vm, schema.nic, schema.volume
    with site.database.transaction() as tx:
        for table in (nic, volume, vm, schema.host):
            tx.execute(table.delete())
        tx.execute(schema.address.update().values(state="Free", nic_id=None, account_id=None))
        tx.execute(schema.pool.update().values(used=0, total=10 * GIB))
        hosts = [site.add_host(tx, f"h{n}", cpu=1000, memory=1024).id for n in range(3)]
        machines = [site.vm_row(tx, n, cpus=1 + n % 2, memory=300 + n) for n in range(6)]
        volumes = [site.volume_row(tx, machine["id"], n, size=(1 + n) * GIB) for n, machine in enumerate(machines)]
        tx.insert(vm, machines)
        tx.insert(volume, volumes)
    placed, stored, cards = {}, set(), {}
    for action, n, choice in actions:
        machine, disk = machines[n], volumes[n]
        claim = (hosts[choice], machine["cpus"] * machine["speed"], machine["memory"], 1)
        with site.database.transaction() as tx:
            if action == "place" and n not in placed and capacity.claim_hosts(tx, [claim]):
                placed[n] = claim
                tx.execute(vm.update().where(vm.c.id == machine["id"]).values(host_id=hosts[choice]))
                card = site.nic_row(tx, machine["id"])
                got = address.claim(tx, wanted(site, card["id"]))[card["id"]]
                tx.insert(nic, [{**card, "address_id": got.address_id, "ip4": got.ip4}])
                cards[n] = card["id"]
            elif action == "vacate" and n in placed:
                capacity.release_hosts(tx, [placed.pop(n)])
                tx.execute(vm.update().where(vm.c.id == machine["id"]).values(host_id=None))
                address.release(tx, [cards[n]])
                tx.execute(nic.update().where(nic.c.id == cards.pop(n)).values(removed=1, address_id=None))
            elif action == "store" and n not in stored and capacity.claim_pools(tx, [(site.pool.id, disk["size"])]):
                stored.add(n)
                tx.execute(volume.update().where(volume.c.id == disk["id"]).values(pool_id=site.pool.id))
            elif action == "drop" and n in stored:
                stored.remove(n)
                capacity.release_pools(tx, [(site.pool.id, disk["size"])])
                tx.execute(volume.update().where(volume.c.id == disk["id"]).values(pool_id=None))
    with site.database.reading() as connection:
        assert api.recount(connection) == []


def test_a_recount_tells_what_is_wrong(site):
    with site.database.transaction() as tx:
        host = site.add_host(tx, cpu_used=7)
        machine = site.vm_row(tx, 1, host_id=host.id)
        tx.insert(schema.vm, [machine])
        tx.execute(schema.pool.update().values(used=5))
        claimed = address.claim(tx, wanted(site, 42))[42]
    with site.database.reading() as connection:
        found = {(each.kind, each.counter): (each.found, each.counted) for each in api.recount(connection)}
    assert found == {
        ("host", "cpu_used"): (7, 500),
        ("host", "memory_used"): (0, 512),
        ("host", "vms"): (0, 1),
        ("pool", "used"): (5, 0),
        ("address", "state"): (1, 0),
    }
    assert claimed.ip4 == "10.1.1.2"


def test_capacity_is_told_by_place(site):
    with site.database.transaction() as tx:
        site.add_host(tx, "h1", cpu_used=100)
        site.add_host(tx, "h2", state="Disabled")
    with site.database.reading() as connection:
        found = {each.kind: (each.used, each.total) for each in api.capacity(connection)}
    assert found == {"cpu": (100, 8000), "memory": (0, 16384 << 20), "storage": (0, 1000 * GIB)}
