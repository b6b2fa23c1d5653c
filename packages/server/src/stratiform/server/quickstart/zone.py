"""The zone of a quickstart, made by the engine calls that the wire uses; each step finds what it made before."""

from collections.abc import Sequence

import sqlalchemy
from sqlalchemy import Table

from stratiform.engine import api as engine
from stratiform.engine import schema
from stratiform.framework.base import errors
from stratiform.framework.db.database import Transaction
from stratiform.framework.jobs.work import Work

NAME = "quickstart"
HYPERVISOR = "Simulator"
CLUSTERS = (1, 2)
DNS = "8.8.8.8"
OFFERING = "DefaultSharedNetworkOffering"
PROVIDER = "VirtualRouter"
TRAFFIC = ("Guest", "Management", "Public")
OS_TYPE = "Other Linux (64-bit)"
VLAN = "100"


class Absent(errors.Error):
    """There is no {kind} {name} any more, and a quickstart needs it. Start with --fresh for a new cloud."""

    code = "quickstart_part_missing"


def find(tx: Transaction, table: Table, name: str) -> engine.Row | None:
    """The first row of this name that is not removed."""
    named = sqlalchemy.select(table).where(table.c.name == name, table.c.removed.is_(None))
    return tx.execute(named.order_by(table.c.id).limit(1)).first()


def get(tx: Transaction, table: Table, name: str) -> engine.Row:
    """The first row of this name. Raises `Absent`."""
    row = find(tx, table, name)
    if row is None:
        raise Absent(kind=table.name.replace("_", " "), name=name)
    return row


def ground(work: Work) -> None:
    """The zone, closed, with its pods and clusters."""
    tx, world = work.tx, work.world
    zone = find(tx, schema.zone, NAME) or engine.create_zone(
        tx, world, name=NAME, network_type="Advanced", dns1=DNS, internal_dns1=DNS
    )
    for number in CLUSTERS:
        subnet = f"172.16.{number}"
        pod = find(tx, schema.pod, f"pod-{number}") or engine.create_pod(
            tx,
            world,
            zone=zone,
            name=f"pod-{number}",
            gateway=f"{subnet}.1",
            netmask="255.255.255.0",
            start_ip=f"{subnet}.2",
            end_ip=f"{subnet}.254",
        )
        if find(tx, schema.cluster, f"cluster-{number}") is None:
            engine.create_cluster(tx, world, pod=pod, name=f"cluster-{number}", hypervisor=HYPERVISOR)


def hosts(work: Work, numbers: Sequence[int]) -> None:
    """Hosts of these numbers, each with the job that connects it."""
    tx = work.tx
    zone = get(tx, schema.zone, NAME)
    places = [(get(tx, schema.pod, f"pod-{each}"), get(tx, schema.cluster, f"cluster-{each}")) for each in CLUSTERS]
    names = [f"host-{number}" for number in numbers]
    known = sqlalchemy.select(schema.host.c.name).where(schema.host.c.name.in_(names), schema.host.c.removed.is_(None))
    there = set(tx.execute(known).scalars())
    for number, name in zip(numbers, names, strict=True):
        if name not in there:
            pod, cluster = places[(number - 1) % len(places)]
            engine.add_host(work, zone=zone, pod=pod, cluster=cluster, name=name, url=f"http://simulated/{name}")


def storage(work: Work) -> None:
    """A primary storage pool for each cluster that has hosts, with the job that attaches it, and a secondary one."""
    tx, zone = work.tx, get(work.tx, schema.zone, NAME)
    for number in CLUSTERS:
        cluster = get(tx, schema.cluster, f"cluster-{number}")
        peopled = sqlalchemy.select(schema.host.c.id).where(
            schema.host.c.cluster_id == cluster.id, schema.host.c.removed.is_(None)
        )
        name = f"primary-{number}"
        if tx.execute(peopled.limit(1)).first() and find(tx, schema.pool, name) is None:
            engine.add_pool(work, zone=zone, name=name, url=f"nfs://simulated/{name}", cluster=cluster)
    if find(tx, schema.image_store, "secondary") is None:
        url = "nfs://simulated/secondary"
        engine.create_image_store(tx, work.world, provider="NFS", name="secondary", url=url, zone=zone)


def network(work: Work) -> None:
    """A physical network, and on it the shared network of all tenants: addresses for as many machines as may be.

    64 for each host that there is, 4,000 at least and 65,000 at most, which take longer to make than all the rest.
    """
    tx, world = work.tx, work.world
    zone, admin = get(tx, schema.zone, NAME), get(tx, schema.account, "admin")
    physical = find(tx, schema.physical_network, NAME)
    if physical is None:
        physical = engine.create_physical_network(tx, world, zone=zone, name=NAME, vlan=f"{VLAN}-199")
        for traffic in TRAFFIC:
            engine.add_traffic_type(tx, world, physical_network=physical, traffic=traffic)
        engine.provide(tx, physical_network=physical, name=PROVIDER)
        physical = engine.update_physical_network(tx, world, physical, state="Enabled")
    if find(tx, schema.network, NAME) is None:
        hosts = int(str(tx.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(schema.host)).scalar_one()))
        engine.create_network(
            tx,
            world,
            zone=zone,
            offering=get(tx, schema.network_offering, OFFERING),
            account=admin,
            name=NAME,
            display_text="The shared network of the quickstart",
            physical_network=physical,
            vlan_id=VLAN,
            gateway="10.1.0.1",
            netmask="255.255.0.0",
            start_ip="10.1.0.2",
            end_ip=f"10.1.{min(255, max(15, hosts // 4))}.254",
        )


def template(work: Work) -> None:
    """A template that everybody sees, `tiny`."""
    tx = work.tx
    if find(tx, schema.template, "tiny") is None:
        engine.register_template(
            tx,
            work.world,
            account=get(tx, schema.account, "admin"),
            os_type=get(tx, schema.os_type, OS_TYPE),
            name="tiny",
            display_text="A tiny template for simulated hosts",
            url="nfs://simulated/secondary/tiny.qcow2",
            format="QCOW2",
            hypervisor=HYPERVISOR,
            is_public=True,
            is_featured=True,
        )


def opening(work: Work) -> None:
    """Open the zone for tenants."""
    tx = work.tx
    engine.update_zone(tx, work.world, get(tx, schema.zone, NAME), state="Enabled")
