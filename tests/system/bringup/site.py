"""The call sequences that bring a zone up, as Marvin's deployDataCenter makes them."""

from dataclasses import dataclass, field

DNS = {"dns1": "8.8.8.8", "dns2": "8.8.4.4", "internaldns1": "10.1.1.1", "internaldns2": "10.1.1.2"}
PROVIDERS = ("VirtualRouter", "VpcVirtualRouter", "InternalLbVm", "SecurityGroupProvider")
HYPERVISOR = "Simulator"
SETTINGS = {"cpu.overprovisioning.factor": "2.0"}


@dataclass
class Zone:
    """A zone that was brought up, and what is in it."""

    id: str
    name: str
    physical: str = ""
    network: str | None = None
    pods: list = field(default_factory=list)
    clusters: list = field(default_factory=list)
    hosts: list = field(default_factory=list)
    pools: list = field(default_factory=list)
    stores: list = field(default_factory=list)
    ranges: list = field(default_factory=list)


def keys(port, name="admin"):
    """The administrator's keys, from the integration port."""
    (user,) = port("listUsers", account=name, domainid=root(port)["id"])["user"]
    port("registerUserKeys", id=user["id"])
    found = port("getUserKeys", id=user["id"])["userkeys"]
    return found["apikey"], found["secretkey"]


def root(call):
    """The root domain."""
    (domain,) = call("listDomains", name="ROOT", listall=True)["domain"]
    return domain


def advanced(call, name, number=0, clusters=2, hosts=2, **zone):
    """An advanced zone: clusters of hosts, a public range, and a shared network to deploy into."""
    made = _zone(call, name, "Advanced", guestcidraddress="10.1.1.0/24", **zone)
    _physical(call, made, ("Guest", "Management", "Public"), vlan=f"{100 + 100 * number}-{199 + 100 * number}")
    _inside(call, made, number, clusters, hosts)
    subnet = f"172.20.{number}"
    vlan = call(
        "createVlanIpRange",
        zoneid=made.id,
        forvirtualnetwork=True,
        vlan="untagged",
        gateway=f"{subnet}.1",
        netmask="255.255.255.0",
        startip=f"{subnet}.2",
        endip=f"{subnet}.100",
    )["vlan"]
    made.ranges.append(vlan["id"])
    assert vlan["forvirtualnetwork"] is True
    _storage(call, made)
    made.network = _shared(call, made, "DefaultSharedNetworkOffering", 100 + 100 * number)
    return _open(call, made)


def basic(call, name, number=0):
    """A basic zone: one guest network, whose addresses are each pod's own."""
    made = _zone(call, name, "Basic", securitygroupenabled=True)
    _physical(call, made, ("Guest", "Management"))
    offering = _offering(call, "DefaultSharedNetworkOfferingWithSGService")
    network = call(
        "createNetwork", zoneid=made.id, networkofferingid=offering, name="guests", displaytext="guests"
    )["network"]
    made.network = network["id"]
    _inside(call, made, number, 1, 2, network=made.network)
    _storage(call, made)
    return _open(call, made)


def secured(call, name, number=0):
    """An advanced zone with security groups: one shared network."""
    made = _zone(call, name, "Advanced", securitygroupenabled=True)
    _physical(call, made, ("Guest", "Management"), vlan="500-599")
    made.network = _shared(call, made, "DefaultSharedNetworkOfferingWithSGService", 500)
    _inside(call, made, number, 1, 2)
    _storage(call, made)
    return _open(call, made)


def deploy(call, zone, **more):
    """A machine in a zone, as a client that looks first deploys it."""
    (template,) = call("listTemplates", templatefilter="featured", zoneid=zone.id)["template"]
    (offering,) = call("listServiceOfferings", name="Small Instance")["serviceoffering"]
    return call(
        "deployVirtualMachine",
        zoneid=zone.id,
        templateid=template["id"],
        serviceofferingid=offering["id"],
        **more,
    )


def tear_down(call, zone):
    """Everything of a zone without machines, in Marvin's order."""
    for host in zone.hosts:
        call("prepareHostForMaintenance", id=host)
        (seen,) = call("listHosts", id=host)["host"]
        assert seen["resourcestate"] == "Maintenance"
    for pool in zone.pools:
        call("updateStoragePool", id=pool, enabled=False)
        call("deleteStoragePool", id=pool, forced=True)
    for host in zone.hosts:
        call("deleteHost", id=host, forced=True)
    for cluster in zone.clusters:
        call("deleteCluster", id=cluster)
    if zone.network:
        call("deleteNetwork", id=zone.network)
    for vlan in zone.ranges:
        call("deleteVlanIpRange", id=vlan)
    for pod in zone.pods:
        call("deletePod", id=pod)
    for store in zone.stores:
        call("deleteImageStore", id=store)
    call("deletePhysicalNetwork", id=zone.physical)
    call("deleteZone", id=zone.id)
    assert call("listZones", id=zone.id) == {}


def _zone(call, name, kind, **more):
    made = call("createZone", name=name, networktype=kind, **DNS, **more)["zone"]
    assert (made["networktype"], made["allocationstate"]) == (kind, "Disabled")
    return Zone(made["id"], name)


def _physical(call, zone, traffic, **enabling):
    physical = call("createPhysicalNetwork", zoneid=zone.id, name=f"{zone.name}-pn", isolationmethods="VLAN")
    zone.physical = physical["id"]
    for kind in traffic:
        call("addTrafficType", physicalnetworkid=zone.physical, traffictype=kind, kvmnetworklabel="cloudbr0")
    there = call("listTrafficTypes", physicalnetworkid=zone.physical)["traffictype"]
    assert {each["traffictype"] for each in there} == set(traffic)
    for name in PROVIDERS:
        asked = {"name": name, "physicalnetworkid": zone.physical, "state": "Disabled"}
        (provider,) = call("listNetworkServiceProviders", **asked)["networkserviceprovider"]
        _enable(call, name, provider["id"])
        assert call("listNetworkServiceProviders", **asked) == {}
    updated = call("updatePhysicalNetwork", id=zone.physical, state="Enabled", **enabling)
    assert updated["state"] == "Enabled"


def _enable(call, name, id):
    if name in ("VirtualRouter", "VpcVirtualRouter"):
        (element,) = call("listVirtualRouterElements", nspid=id)["virtualrouterelement"]
        assert call("configureVirtualRouterElement", id=element["id"], enabled=True)["enabled"] is True
    elif name == "InternalLbVm":
        (element,) = call("listInternalLoadBalancerElements", nspid=id)["internalloadbalancerelement"]
        call("configureInternalLoadBalancerElement", id=element["id"], enabled=True)
    assert call("updateNetworkServiceProvider", id=id, state="Enabled")["state"] == "Enabled"


def _inside(call, zone, number, clusters, hosts, network=None):
    subnet = f"172.16.{number}"
    pod = call(
        "createPod",
        zoneid=zone.id,
        name=f"{zone.name}-pod",
        gateway=f"{subnet}.1",
        netmask="255.255.255.0",
        startip=f"{subnet}.2",
        endip=f"{subnet}.100",
    )["pod"]["id"]
    zone.pods.append(pod)
    if network:
        vlan = call(
            "createVlanIpRange",
            zoneid=zone.id,
            podid=pod,
            networkid=network,
            forvirtualnetwork=False,
            gateway=f"{subnet}.1",
            netmask="255.255.255.0",
            startip=f"{subnet}.101",
            endip=f"{subnet}.200",
        )["vlan"]
        zone.ranges.append(vlan["id"])
    place = {"zoneid": zone.id, "podid": pod}
    for at in range(clusters):
        _cluster(call, zone, place, f"c{at}", hosts)


def _cluster(call, zone, place, name, hosts):
    kind = {"hypervisor": HYPERVISOR, "clustertype": "CloudManaged"}
    added = call("addCluster", clustername=f"{zone.name}-{name}", **kind, **place)
    cluster = added["cluster"][0]["id"]
    zone.clusters.append(cluster)
    for at in range(hosts):
        url = f"http://sim/{name}/h{at}"
        login = {"username": "root", "password": "password"}
        (host,) = call("addHost", clusterid=cluster, url=url, hypervisor=HYPERVISOR, **login, **place)["host"]
        zone.hosts.append(host["id"])
    up = call("listHosts", clusterid=cluster, zoneid=zone.id, type="Routing")["host"]
    assert [each["state"] for each in up] == ["Up"] * hosts
    url = f"nfs://10.147.28.6:/export/{zone.name}/{name}"
    pool = call("createStoragePool", name=f"{zone.name}-{name}", url=url, clusterid=cluster, **place)["storagepool"]
    assert pool["state"] == "Up"
    zone.pools.append(pool["id"])


def _storage(call, zone):
    staging = "nfs://10.147.28.7:/export/staging"
    made = call("createSecondaryStagingStore", url=staging, provider="NFS", zoneid=zone.id, scope="ZONE")
    assert made["secondarystorage"]["zoneid"] == zone.id
    store = call("addImageStore", url="nfs://10.147.28.6:/export/secondary", provider="NFS", zoneid=zone.id)
    zone.stores.append(store["imagestore"]["id"])
    zone.stores.append(made["secondarystorage"]["id"])


def _shared(call, zone, offering, vlan):
    return call(
        "createNetwork",
        zoneid=zone.id,
        networkofferingid=_offering(call, offering),
        name=f"{zone.name}-guests",
        displaytext="guests",
        vlan=vlan,
        gateway="10.10.0.1",
        netmask="255.255.255.0",
        startip="10.10.0.10",
        endip="10.10.0.99",
    )["network"]["id"]


def _offering(call, name):
    (found,) = call("listNetworkOfferings", name=name)["networkoffering"]
    return found["id"]


def _open(call, zone):
    opened = call("updateZone", id=zone.id, allocationstate="Enabled")["zone"]
    assert opened["allocationstate"] == "Enabled"
    call("updateZone", id=zone.id, **{"details[0].key": "purpose", "details[0].value": "bring-up"})
    return zone
