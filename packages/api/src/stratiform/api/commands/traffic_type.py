"""Traffic types of physical networks: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, text
from stratiform.api.view import View, string

_HYPERVISORS = {
    "kvm": "KVM",
    "xen": "XenServer",
    "vmware": "VMware",
    "hyperv": "Hyper-V",
    "ovm3": "Oracle VM 3",
}

TRAFFIC_TYPE = View(
    "traffictype",
    (
        string("id", "the traffic type's UUID"),
        string("traffictype", "Guest, Management, Public or Storage"),
        string("physicalnetworkid", "UUID of the physical network"),
        string("isolationmethods", "how networks are kept apart on the physical network"),
        string("vlan", "its VLAN"),
        *(
            string(f"{name}networklabel", f"what carries it on hosts of {hypervisor}")
            for name, hypervisor in _HYPERVISORS.items()
        ),
    ),
)

add_traffic_type = Command(
    name="addTrafficType",
    description="Lets a physical network carry a kind of traffic.",
    parameters=(
        entity("physicalnetworkid", "physical_network", "The physical network.", required=True),
        text("traffictype", "Guest, Management, Public or Storage.", required=True),
        text("vlan", "Its VLAN."),
        *(
            text(f"{name}networklabel", f"What carries it on hosts of {hypervisor}, for example a bridge.")
            for name, hypervisor in _HYPERVISORS.items()
        ),
    ),
    refused=(Refused("isolationmethod", harmless=("vlan",)),),
    returns=Returns.ASYNC_CREATE,
    mutates=True,
    event="TRAFFIC.TYPE.CREATE",
    view=TRAFFIC_TYPE,
    object="traffictype",
    kind="traffic_type",
    since="3.0.0",
    example={"physicalnetworkid": "0190f3c2-1111-7000-8000-000000000001", "traffictype": "Guest"},
)

list_traffic_types = Command(
    name="listTrafficTypes",
    description="Lists the traffic types of a physical network.",
    parameters=(
        *LISTING,
        entity("physicalnetworkid", "physical_network", "The physical network.", required=True),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=TRAFFIC_TYPE,
    object="traffictype",
    kind="traffic_type",
    since="3.0.0",
    example={"physicalnetworkid": "0190f3c2-1111-7000-8000-000000000001"},
)

delete_traffic_type = Command(
    name="deleteTrafficType",
    description="Takes a kind of traffic from a physical network.",
    parameters=(entity("id", "traffic_type", "The traffic type's UUID.", required=True),),
    returns=Returns.ASYNC,
    mutates=True,
    event="TRAFFIC.TYPE.DELETE",
    kind="traffic_type",
    since="3.0.0",
    example={"id": "0190f3c2-1111-7000-8000-000000000001"},
)
