"""Which hypervisors there are, and that a cluster is of one of them."""

import pytest

from stratiform.api.cloud import Page

ZONE = "0190f3c2-1111-7000-8000-000000000001"
POD = "0190f3c2-2222-7000-8000-000000000009"
NOBODY = "0190f3c2-9999-7000-8000-000000000001"
CLUSTER = {"clustername": "c1", "clustertype": "CloudManaged", "zoneid": ZONE, "podid": POD}


def names(body):
    return [each["name"] for each in body.get("hypervisor", ())]


@pytest.mark.parametrize(
    ("asked", "found", "count"),
    [
        ({}, ["KVM", "Simulator"], 2),
        ({"keyword": "SIM"}, ["Simulator"], 1),
        ({"page": "2", "pagesize": "1"}, ["Simulator"], 2),
        ({"page": "3", "pagesize": "1"}, [], 2),
        ({"pagesize": "-1"}, ["KVM", "Simulator"], 2),
        ({"keyword": "xen"}, [], None),
    ],
)
@pytest.mark.parametrize("key", ["KEY", "TENANT"])
def test_what_is_installed_is_listed(client, key, asked, found, count):
    status, body = client("listHypervisors", key=key, **asked)
    assert (status, names(body), body.get("count")) == (200, found, count)


def test_a_zone_is_asked_for_the_hypervisors_of_its_clusters(client, cloud):
    cloud.list = lambda kind, who, action, query: Page(
        count=1, rows=[{"name": "KVM"}] if (kind, query.filters) == ("hypervisor", {"zoneid": ZONE}) else []
    )
    assert names(client("listHypervisors", zoneid=ZONE)[1]) == ["KVM"]
    status, body = client("listHypervisors", zoneid=NOBODY)
    assert (status, "zoneid" in body["errortext"]) == (431, True), "a zone that is not there has no list"


def test_a_malformed_question_is_refused(client):
    assert client("listHypervisors", page="1")[0] == 431
    assert client("listSystemVms", zoneid="here")[0] == 431
    assert client("listRouters", pagesize="501", page="1")[0] == 431
    assert client("listRouters", account="ann")[0] == 431


def test_there_are_no_machines_of_the_clouds_own(client):
    assert client("listSystemVms", zoneid=ZONE, systemvmtype="consoleproxy") == (200, {})
    assert client("listRouters", listall="true", projectid="-1") == (200, {})


@pytest.fixture
def changes(cloud):
    """What changes the cloud was asked for."""
    asked = []

    def change(command, who, arguments, token=None):
        asked.append((command, arguments))
        return {"id": "cluster-1", "name": arguments["clustername"]}

    cloud.change = change
    return asked


def test_a_cluster_is_answered_as_a_list(client, changes):
    status, body = client("addCluster", **CLUSTER, hypervisor="simulator")
    assert (status, body) == (200, {"count": 1, "cluster": [{"id": "cluster-1", "name": "c1"}]})
    [(command, arguments)] = changes
    assert (command, arguments["hypervisor"]) == ("addCluster", "Simulator")


def test_a_cluster_of_a_hypervisor_that_is_not_installed_is_refused(client, changes):
    status, body = client("addCluster", **CLUSTER, hypervisor="Hyperv")
    assert status == 431
    assert "Hyperv" in body["errortext"]
    assert "KVM, Simulator" in body["errortext"]
    assert changes == []
