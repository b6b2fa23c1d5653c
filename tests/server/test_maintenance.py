"""The plan of a maintenance, as the wire lists it."""

from tests.server.conftest import ZONE


def test_the_plan_is_a_list_with_pages_and_a_keyword(client):
    status, body = client("listHostMaintenancePlan", id=ZONE)
    assert (status, body["count"]) == (200, 3)
    assert body["hostmaintenanceplan"][0]["reason"] == "no room"
    _, body = client("listHostMaintenancePlan", id=ZONE, keyword="WEB", page="2", pagesize="1")
    assert (body["count"], [row["virtualmachinename"] for row in body["hostmaintenanceplan"]]) == (2, ["web-2"])


def test_the_plan_of_a_host_that_is_not_there(client):
    status, body = client("listHostMaintenancePlan", id=ZONE.replace("1", "2"))
    assert status == 431
    assert "Invalid parameter id value=" in body["errortext"]
