"""Zones, pods, clusters and image stores, by their commands: what is kept, told and refused."""

import contextvars
import threading
import time

import pytest
import sqlalchemy

from stratiform.api.cloud import Query
from stratiform.api.errors import InUse
from stratiform.engine import api, schema
from stratiform.engine.check import BadParameter
from stratiform.engine.registry import Stale, Taken
from stratiform.framework.base import errors
from stratiform.framework.events.table import event

ZONE = {"name": "zone2", "networktype": "advanced", "dns1": "8.8.8.8", "internaldns1": "10.0.0.2"}
POD = {"name": "pod2", "gateway": "172.16.1.1", "netmask": "255.255.255.0", "startip": "172.16.1.2"}
CLUSTER = {"clustername": "cluster2", "hypervisor": "Simulator", "clustertype": "CloudManaged"}
STORE = {"provider": "NFS", "url": "nfs://10.0.0.9:/export/secondary"}
PATIENCE = 60


class Cloud:
    """The engine, as the server calls it."""

    def __init__(self, site, gate):
        self.site = site
        self.engine = api.Engine(site.database, gate, listings=api.LISTINGS, commands=api.program.commands)

    def __call__(self, command, /, **arguments):
        return dict(self.engine.change(command, self.site.root_admin, arguments))

    def list(self, kind, who=None, **filters):
        """The rows of a kind."""
        return self.engine.list(kind, who or self.site.root_admin, "list", Query(filters=filters)).rows

    def zone(self, **values):
        """The id of one more zone."""
        return self("createZone", **{**ZONE, **values})["id"]

    def pod(self, zone, **values):
        """The id of one more pod."""
        return self("createPod", zoneid=zone, **{**POD, **values})["id"]


@pytest.fixture
def cloud(site, gate):
    """The commands, called by the administrator of everything."""
    return Cloud(site, gate())


def events(site, uuid):
    found = sqlalchemy.select(event.c.kind).where(event.c.resource == uuid).order_by(event.c.id)
    with site.database.reading() as connection:
        return [*connection.execute(found).scalars()]


def refused(parameter, action, *what, **arguments):
    with pytest.raises(BadParameter) as raised:
        action(*what, **arguments)
    assert raised.value.parameters["parameter"] == parameter
    return str(raised.value)


# Zones.


def test_a_zone_is_closed_until_it_is_opened(site, cloud):
    made = cloud("createZone", **ZONE, securitygroupenabled=True, guestcidraddress="10.1.1.0/24", domain="cloud.test")
    assert (made["allocationstate"], made["networktype"], made["type"]) == ("Disabled", "Advanced", "Core")
    assert (made["securitygroupsenabled"], made["localstorageenabled"]) == (True, False)
    assert (made["guestcidraddress"], made["domain"]) == ("10.1.1.0/24", "cloud.test")
    opened = cloud("updateZone", id=made["id"], allocationstate="Enabled")
    assert opened == {**made, "allocationstate": "Enabled"}
    assert events(site, made["id"]) == ["ZONE.CREATE", "ZONE.EDIT"]
    assert cloud("createZone", **{**ZONE, "name": "z3", "allocationstate": "enabled"})["allocationstate"] == "Enabled"


def test_what_is_so_already_is_no_change(site, cloud):
    zone = cloud.zone()
    cloud("updateZone", id=zone, allocationstate="disabled", dns1="8.8.8.8", name="zone2", localstorageenabled=False)
    assert events(site, zone) == ["ZONE.CREATE"]


def test_settings_change_one_by_one_and_optional_ones_go(cloud):
    zone = cloud.zone(dns2="8.8.4.4", internaldns2="10.0.0.3", domain="a.test", guestcidraddress="10.1.1.0/24")
    after = cloud("updateZone", id=zone, dns2="", internaldns2="10.0.0.4", domain="", localstorageenabled=True)
    assert (after["dns1"], after["internaldns2"], after["guestcidraddress"]) == ("8.8.8.8", "10.0.0.4", "10.1.1.0/24")
    assert after["localstorageenabled"] is True
    assert not {"dns2", "domain"} & after.keys()


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("dns1", ""),
        ("dns2", "dns.test"),
        ("internaldns1", "10.0.0"),
        ("internaldns2", "::1"),
        ("guestcidraddress", "10.1.1.1/24"),
        ("domain", "-cloud.test"),
        ("domain", "cloud..test"),
        ("allocationstate", "Open"),
        ("details", {"": "x"}),
    ],
)
def test_a_setting_that_is_none_is_refused_and_nothing_is_done(site, cloud, parameter, value):
    zone = cloud.zone()
    (before,) = cloud.list("zone", id=zone)
    refused(parameter, cloud, "updateZone", id=zone, name="other", **{parameter: value})
    if parameter != "details":
        refused(parameter, cloud, "createZone", **{**ZONE, "name": "other", parameter: value})
    assert cloud.list("zone", id=zone) == [before]
    assert len(cloud.list("zone")) == 2


def test_details_are_kept_and_told_to_operators(site, cloud):
    zone = cloud.zone()
    assert "resourcedetails" not in cloud("updateZone", id=zone, details={})
    cloud("updateZone", id=zone, details={"purpose": "tests", "rack": "7"})
    after = cloud("updateZone", id=zone, details={"rack": "ä8"})
    assert after["resourcedetails"] == {"purpose": "tests", "rack": "ä8"}
    assert "resourcedetails" not in cloud.list("zone", who=site.tenant, id=zone)[0]


def test_an_edge_zone_is_told_as_one_and_is_advanced(cloud):
    assert cloud.list("zone", id=cloud.zone(isedge=True))[0]["type"] == "Edge"
    assert "Advanced" in refused("isedge", cloud.zone, name="z3", networktype="Basic", isedge=True)


def test_a_zone_is_reserved_until_it_is_made_public(site, cloud):
    made = cloud("createZone", **ZONE, domainid=site.domain.uuid)
    assert (made["domainid"], made["domainname"]) == (site.domain.uuid, "sales")
    assert cloud("updateZone", id=made["id"], ispublic=False)["domainid"] == site.domain.uuid
    assert "domainid" not in cloud("updateZone", id=made["id"], ispublic=True)


def test_names_of_zones_are_taken_whatever_their_case(site, cloud):
    zone = cloud.zone()
    with pytest.raises(Taken, match="zone with the name ZONE1"):
        cloud("updateZone", id=zone, name="ZONE1")
    assert cloud("updateZone", id=zone, name="ZONE2")["name"] == "ZONE2"
    cloud("deleteZone", id=zone)
    assert cloud("updateZone", id=site.zone.uuid, name="zone2")["name"] == "zone2"


def test_zones_are_listed_by_their_sort_keys_then_as_they_came(cloud):
    last = cloud.zone(name="last")
    cloud("updateZone", id=cloud.zone(name="first"), sortkey=-1)
    assert [row["name"] for row in cloud.list("zone")] == ["first", "zone1", "last"]
    cloud("updateZone", id=last, sortkey=-2)
    assert [row["name"] for row in cloud.list("zone")] == ["last", "first", "zone1"]


def test_a_zone_of_two_architectures_is_told_as_one(site, cloud):
    there = {"zoneid": site.zone.uuid, "podid": site.pod.uuid}
    assert cloud.list("zone")[0]["ismultiarch"] is False
    arm = cloud("addCluster", **CLUSTER, **there, arch="AArch64")
    assert arm["arch"] == "aarch64"
    assert cloud.list("zone")[0]["ismultiarch"] is True
    cloud("deleteCluster", id=arm["id"])
    assert cloud.list("zone")[0]["ismultiarch"] is False


def test_hosts_of_two_zones_may_share_an_url(site, cloud):
    zone = cloud.zone()
    pod = cloud.pod(zone)
    cluster = cloud("addCluster", **CLUSTER, zoneid=zone, podid=pod)["id"]
    tables = (schema.zone, schema.pod, schema.cluster)
    with site.database.transaction() as tx:
        ids = [site.first(tx, table, uuid=uuid).id for table, uuid in zip(tables, (zone, pod, cluster), strict=True)]
        site.add_host(tx, "twin")
        site.add_host(tx, "twin", **dict(zip(("zone_id", "pod_id", "cluster_id"), ids, strict=True)))
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            site.add_host(tx, "other", url="http://twin")


# Pods.


def test_a_pod_tells_its_range_as_lists(site, cloud):
    made = cloud("createPod", zoneid=site.zone.uuid, **POD, endip="172.16.1.9", allocationstate="Disabled")
    assert (made["allocationstate"], made["zonename"], made["netmask"]) == ("Disabled", "zone1", "255.255.255.0")
    assert (made["startip"], made["endip"]) == (["172.16.1.2"], ["172.16.1.9"])
    assert (made["forsystemvms"], made["vlanid"]) == (["0"], ["untagged"])
    whole = {"startip": "172.16.1.2", "endip": "172.16.1.9", "forsystemvms": "0", "vlanid": "untagged"}
    assert made["ipranges"] == [whole]
    (bare,) = cloud.list("pod", id=site.pod.uuid)
    assert bare["ipranges"] == ()
    assert "startip" not in bare


@pytest.mark.parametrize(
    ("gateway", "netmask", "end"),
    [
        ("172.16.1.1", "255.255.255.0", "172.16.1.254"),
        ("172.16.1.254", "255.255.255.0", "172.16.1.253"),
        ("172.16.1.3", "255.255.255.254", "172.16.1.2"),
    ],
)
def test_a_range_without_an_end_goes_to_that_of_the_subnet(site, cloud, gateway, netmask, end):
    made = cloud("createPod", zoneid=site.zone.uuid, **{**POD, "gateway": gateway, "netmask": netmask})
    assert made["endip"] == [end]


@pytest.mark.parametrize("missing", ["gateway", "netmask", "startip"])
def test_only_a_pod_of_an_edge_zone_may_lack_its_subnet(site, cloud, missing):
    with pytest.raises(errors.Invalid, match=f"{missing} is required"):
        cloud("createPod", zoneid=site.zone.uuid, **{key: value for key, value in POD.items() if key != missing})
    edge = cloud.zone(isedge=True)
    assert cloud("createPod", zoneid=edge, name="edge")["name"] == "edge"
    half = {key: value for key, value in POD.items() if key != missing}
    refused(missing, cloud, "createPod", zoneid=edge, **half)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("gateway", {"gateway": "router"}),
        ("gateway", {"gateway": "172.16.1.255"}),
        ("netmask", {"netmask": "24 bits"}),
        ("startip", {"startip": "172.16.2.2"}),
        ("startip", {"startip": "172.16.1.0"}),
        ("startip", {"startip": "172.16.1.1"}),
        ("endip", {"endip": "172.16.1.255"}),
        ("endip", {"startip": "172.16.1.9", "endip": "172.16.1.3"}),
        ("allocationstate", {"allocationstate": "Open"}),
        ("name", {"name": " "}),
    ],
)
def test_a_range_that_is_none_is_refused(site, cloud, parameter, values):
    refused(parameter, cloud.pod, zone=site.zone.uuid, **values)
    there = cloud.pod(site.zone.uuid)
    refused(parameter, cloud, "updatePod", id=there, **values)
    assert events(site, there) == ["POD.CREATE"]


def test_pods_share_a_subnet_but_no_address(site, cloud):
    first = cloud.pod(site.zone.uuid, endip="172.16.1.9")
    said = refused("startip", cloud.pod, zone=site.zone.uuid, name="pod3", startip="172.16.1.9")
    assert "172.16.1.2-172.16.1.9 of the pod pod2" in said
    cloud.pod(site.zone.uuid, name="pod3", startip="172.16.1.10")
    refused("startip", cloud, "updatePod", id=first, endip="172.16.1.10")
    assert cloud.pod(cloud.zone(), name="pod3"), "another zone has its own addresses"
    cloud("deletePod", id=first)
    assert cloud.pod(site.zone.uuid, endip="172.16.1.9")


def test_pods_of_a_basic_zone_have_subnets_of_their_own(cloud):
    zone = cloud.zone(networktype="Basic")
    cloud.pod(zone, endip="172.16.1.9")
    more = {"gateway": "172.16.0.1", "netmask": "255.255.0.0", "startip": "172.16.9.1", "endip": "172.16.9.9"}
    said = refused("netmask", cloud.pod, zone=zone, name="pod3", **more)
    assert "172.16.1.0/24" in said
    assert cloud.pod(zone, name="pod3", gateway="172.16.2.1", startip="172.16.2.2")


def test_a_pod_is_changed_bit_by_bit(site, cloud):
    pod = cloud.pod(site.zone.uuid, endip="172.16.1.9")
    wider = cloud("updatePod", id=pod, endip="172.16.1.20")
    assert (wider["startip"], wider["endip"]) == (["172.16.1.2"], ["172.16.1.20"])
    moved = {"gateway": "172.16.2.1", "netmask": "255.255.254.0", "startip": "172.16.2.2", "endip": "172.16.3.9"}
    after = cloud("updatePod", id=pod, name="POD2", allocationstate="Disabled", **moved)
    assert (after["name"], after["allocationstate"], after["netmask"]) == ("POD2", "Disabled", "255.255.254.0")
    assert (after["startip"], after["endip"]) == (["172.16.2.2"], ["172.16.3.9"])
    before = events(site, pod)
    cloud("updatePod", id=pod, name="POD2", allocationstate="Disabled", **moved)
    assert events(site, pod) == before


def test_names_of_pods_are_taken_within_their_zone(site, cloud):
    pod = cloud.pod(site.zone.uuid)
    with pytest.raises(Taken, match="pod with the name POD1"):
        cloud("updatePod", id=pod, name="POD1")
    assert cloud.pod(cloud.zone(), name="pod1", startip="172.16.1.9")


# Clusters.


def test_a_cluster_is_of_a_pod_of_its_zone(site, cloud):
    made = cloud("addCluster", **CLUSTER, zoneid=site.zone.uuid, podid=site.pod.uuid)
    assert (made["podname"], made["zonename"], made["hypervisortype"]) == ("pod1", "zone1", "Simulator")
    assert (made["allocationstate"], made["managedstate"], made["arch"]) == ("Enabled", "Managed", "x86_64")
    assert (made["cpuovercommitratio"], made["memoryovercommitratio"]) == ("1.0", "1.0")
    elsewhere = cloud.zone()
    refused("podid", cloud, "addCluster", **CLUSTER, zoneid=elsewhere, podid=site.pod.uuid)
    assert cloud.list("cluster", zoneid=elsewhere) == []


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("clustertype", "ExternalManaged"), ("arch", "vax"), ("allocationstate", "Open"), ("clustername", "")],
)
def test_a_cluster_that_cannot_be_is_refused(site, cloud, parameter, value):
    there = {"zoneid": site.zone.uuid, "podid": site.pod.uuid}
    refused(parameter, cloud, "addCluster", **{**CLUSTER, **there, parameter: value})


def test_names_of_clusters_are_taken_within_their_pod(site, cloud):
    there = {"zoneid": site.zone.uuid, "podid": site.pod.uuid}
    with pytest.raises(Taken, match="cluster with the name CLUSTER1"):
        cloud("addCluster", **{**CLUSTER, "clustername": "CLUSTER1"}, **there)
    there["podid"] = cloud.pod(site.zone.uuid)
    assert cloud("addCluster", **{**CLUSTER, "clustername": "CLUSTER1"}, **there)["name"] == "CLUSTER1"


def test_what_a_cluster_is_of_may_be_repeated_and_not_changed(site, cloud):
    same = {"hypervisor": "simulator", "clustertype": "CloudManaged", "arch": "x86_64"}
    after = cloud("updateCluster", id=site.cluster.uuid, clustername="c", allocationstate="Disabled", **same)
    assert (after["name"], after["allocationstate"], after["hypervisortype"]) == ("c", "Disabled", "Simulator")
    others = {"hypervisor": "KVM", "clustertype": "ExternalManaged", "arch": "aarch64"}
    for parameter, value in others.items():
        refused(parameter, cloud, "updateCluster", id=site.cluster.uuid, clustername="d", **{parameter: value})
    assert cloud.list("cluster", id=site.cluster.uuid) == [after]


def test_the_hypervisors_of_a_zone_are_those_of_its_clusters(site, cloud):
    there = {"zoneid": site.zone.uuid, "podid": site.pod.uuid}
    assert cloud.list("hypervisor", zoneid=site.zone.uuid) == [{"name": "Simulator"}]
    first = cloud("addCluster", **{**CLUSTER, "hypervisor": "KVM"}, **there)["id"]
    cloud("addCluster", **{**CLUSTER, "hypervisor": "KVM", "clustername": "c3"}, **there)
    names = [row["name"] for row in cloud.list("hypervisor", who=site.tenant, zoneid=site.zone.uuid)]
    assert sorted(names) == ["KVM", "Simulator"]
    cloud("deleteCluster", id=first)
    assert cloud.list("hypervisor", zoneid=site.zone.uuid, keyword="kv") == [{"name": "KVM"}]
    assert cloud.list("hypervisor", zoneid=cloud.zone()) == []


# Image stores.


def test_an_image_store_is_of_a_zone_or_of_all(site, cloud):
    made = cloud("addImageStore", **STORE, zoneid=site.zone.uuid)
    assert (made["name"], made["url"], made["protocol"]) == (STORE["url"], STORE["url"], "nfs")
    assert (made["providername"], made["scope"], made["zonename"]) == ("NFS", "ZONE", "zone1")
    assert made["readonly"] is False
    every = cloud("addImageStore", **{**STORE, "provider": "nfs"}, name="every")
    assert (every["name"], every["scope"], "zoneid" in every) == ("every", "REGION", False)
    assert [row["id"] for row in cloud.list("image_store")] == [made["id"], every["id"]]


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("provider", {"provider": "S3"}),
        ("url", {"url": "cifs://10.0.0.9/share"}),
        ("url", {"url": "nfs:///export"}),
        ("url", {"url": "nfs://10.0.0.9/"}),
        ("url", {"url": "nfs://[10.0.0.9/export"}),
    ],
)
def test_an_image_store_that_cannot_be_is_refused(cloud, parameter, values):
    refused(parameter, cloud, "addImageStore", **{**STORE, **values})
    with pytest.raises(errors.Invalid, match="url is required"):
        cloud("addImageStore", provider="NFS")


def test_a_zone_has_a_store_of_one_url_and_of_one_name_once(site, cloud):
    zone = cloud.zone()
    for place in ({"zoneid": site.zone.uuid}, {"zoneid": zone}, {}):
        cloud("addImageStore", **STORE, **place)
        with pytest.raises(Taken, match="image store with the name"):
            cloud("addImageStore", **STORE, **place)
        with pytest.raises(Taken, match="image store with the url"):
            cloud("addImageStore", **STORE, **place, name="other")


def test_a_staging_store_is_told_by_no_list_of_image_stores(site, cloud):
    made = cloud("createSecondaryStagingStore", url="nfs://10.0.0.9/staging", zoneid=site.zone.uuid)
    assert (made["providername"], made["scope"], made["zoneid"]) == ("NFS", "ZONE", site.zone.uuid)
    assert cloud.list("image_store") == []
    assert [row["id"] for row in cloud.list("staging_store", zoneid=site.zone.uuid)] == [made["id"]]
    assert "zoneid" not in cloud("createSecondaryStagingStore", url="nfs://10.0.0.9/all", scope="region")


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("zoneid", {}),
        ("zoneid", {"scope": "REGION", "zoneid": None}),
        ("scope", {"scope": "HOST"}),
        ("provider", {"provider": "S3", "zoneid": None}),
    ],
)
def test_a_staging_store_that_cannot_be_is_refused(site, cloud, parameter, values):
    given = {key: site.zone.uuid if value is None else value for key, value in values.items()}
    refused(parameter, cloud, "createSecondaryStagingStore", url="nfs://10.0.0.9/staging", **given)


def test_both_kinds_of_store_are_deleted_once(site, cloud):
    image = cloud("addImageStore", **STORE)["id"]
    staging = [cloud("createSecondaryStagingStore", url=f"nfs://s/{n}", scope="REGION")["id"] for n in (1, 2)]
    with pytest.raises(errors.NotFound):
        cloud("deleteSecondaryStagingStore", id=image)
    for command, store in (("Image", image), ("Image", staging[0]), ("SecondaryStaging", staging[1])):
        assert cloud(f"delete{command}Store", id=store) == {}
        with pytest.raises(errors.NotFound):
            cloud(f"delete{command}Store", id=store)
    assert cloud.list("image_store") == cloud.list("staging_store") == []


@pytest.mark.parametrize(
    ("url", "lies_there"),
    [
        ("nfs://10.0.0.9/export/secondary/tiny.qcow2", True),
        ("NFS://10.0.0.9:/export/secondary/a/tiny.qcow2", True),
        ("nfs://10.0.0.9/export/secondary2/tiny.qcow2", False),
        ("nfs://10.0.0.8/export/secondary/tiny.qcow2", False),
        ("https://10.0.0.9/export/secondary/tiny.qcow2", False),
    ],
)
def test_a_store_stays_while_the_image_of_a_template_lies_in_it(site, cloud, url, lies_there):
    store = cloud("addImageStore", **STORE)["id"]
    image = {"format": "QCOW2", "hypervisor": "Simulator", "name": "t", "url": url}
    with site.database.transaction() as tx:
        template = api.register_template(tx, site.world, account=site.root, os_type=site.os_type, **image)
    if lies_there:
        with pytest.raises(InUse, match="by the template t"):
            cloud("deleteImageStore", id=store)
        with site.database.transaction() as tx:
            api.remove_template(tx, site.world, template)
    assert cloud("deleteImageStore", id=store) == {}


# What is in use.


def test_a_place_goes_once_it_is_empty(site, cloud):
    zone = cloud.zone()
    pod = cloud.pod(zone)
    cluster = cloud("addCluster", **CLUSTER, zoneid=zone, podid=pod)["id"]
    store = cloud("createSecondaryStagingStore", url="nfs://s/1", zoneid=zone)["id"]
    with pytest.raises(InUse, match="zone zone2 is in use by a"):
        cloud("deleteZone", id=zone)
    with pytest.raises(InUse, match="pod pod2 is in use by a cluster"):
        cloud("deletePod", id=pod)
    for command, id in (("deleteCluster", cluster), ("deletePod", pod)):
        assert cloud(command, id=id) == {}
        with pytest.raises(errors.NotFound):
            cloud(command, id=id)
    with pytest.raises(InUse, match=r"zone zone2 is in use by an? image store"):
        cloud("deleteZone", id=zone)
    cloud("deleteImageStore", id=store)
    assert cloud("deleteZone", id=zone) == {}
    assert events(site, zone)[-1] == "ZONE.DELETE"
    assert cloud.list("zone", id=zone) == []


def test_a_cluster_stays_while_it_has_hosts_or_pools(site, cloud):
    with site.database.transaction() as tx:
        host = site.add_host(tx)
        tx.execute(schema.pool.update().values(removed=1))
    with pytest.raises(InUse, match="cluster cluster1 is in use by a host"):
        cloud("deleteCluster", id=site.cluster.uuid)
    with site.database.transaction() as tx:
        tx.execute(schema.host.update().where(schema.host.c.id == host.id).values(removed=1))
    assert cloud("deleteCluster", id=site.cluster.uuid) == {}


# Two at once.


@pytest.fixture
def meanwhile(site):
    """Do one thing, and before it is committed begin another; answers what the other raised."""

    def meanwhile(first, second):
        raised, current = [], contextvars.copy_context()

        def other():
            try:
                site.database.run(second)
            except Exception as error:
                raised.append(error)

        thread = threading.Thread(target=current.run, args=(other,))
        with site.database.transaction() as tx:
            first(tx)
            thread.start()
            end = time.monotonic() + PATIENCE
            while thread.is_alive() and not waits(site.database) and time.monotonic() < end:
                pass
        thread.join(PATIENCE)
        assert not thread.is_alive()
        return raised

    return meanwhile


def waits(database):
    """Whether somebody waits for another's lock; SQLite's writers always do."""
    if database.dialect == "sqlite":
        return True
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with database.reading() as connection:
        return bool(connection.exec_driver_sql(waiting).scalar())


def row(site, table, uuid):
    with site.database.reading() as connection:
        return connection.execute(table.select().where(table.c.uuid == uuid)).one()


def test_a_zone_is_not_removed_while_a_pod_comes_into_it(site, cloud, world, meanwhile):
    zone = row(site, schema.zone, cloud.zone())
    (raised,) = meanwhile(
        lambda tx: api.create_pod(tx, world, zone=zone, name="p"), lambda tx: api.remove_zone(tx, world, zone)
    )
    assert isinstance(raised, InUse)


def test_nothing_comes_into_a_place_that_is_being_removed(site, cloud, world, meanwhile):
    zone = row(site, schema.zone, cloud.zone())
    pod = row(site, schema.pod, cloud.pod(zone.uuid))
    (raised,) = meanwhile(
        lambda tx: api.remove_pod(tx, world, pod),
        lambda tx: api.create_cluster(tx, world, pod=pod, name="c", hypervisor="Simulator"),
    )
    assert isinstance(raised, Stale)
    (raised,) = meanwhile(
        lambda tx: api.remove_zone(tx, world, zone),
        lambda tx: api.create_image_store(tx, world, **STORE, zone=zone),
    )
    assert isinstance(raised, Stale)


def test_two_pods_do_not_take_the_same_addresses_at_once(site, world, meanwhile):
    there = {"gateway": "172.16.1.1", "netmask": "255.255.255.0", "start_ip": "172.16.1.2"}
    (raised,) = meanwhile(
        lambda tx: api.create_pod(tx, world, zone=site.zone, name="a", **there),
        lambda tx: api.create_pod(tx, world, zone=site.zone, name="b", **there),
    )
    assert isinstance(raised, BadParameter)
