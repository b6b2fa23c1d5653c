"""Pods: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, refused, text
from stratiform.api.view import Field, View, string

RANGE = View(
    "iprange",
    (
        string("startip", "its first address"),
        string("endip", "its last address"),
        string("forsystemvms", "1 if it is for machines of the cloud's own alone, else 0"),
        string("vlanid", "its VLAN, or untagged"),
    ),
)

POD = View(
    "pod",
    (
        string("id", "the pod's UUID"),
        string("name", "its name"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("gateway", "gateway of its management network"),
        string("netmask", "netmask of its management network"),
        Field("startip", "list", "first address of each of its ranges"),
        Field("endip", "list", "last address of each of its ranges"),
        Field("forsystemvms", "list", "1 for each of its ranges that is for the cloud's own machines alone, else 0"),
        Field("vlanid", "list", "the VLAN of each of its ranges, or untagged"),
        Field("ipranges", "list", "its management ranges", RANGE),
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
    ),
)

_ID = entity("id", "pod", "The pod's UUID.", required=True)
_SUBNET = (
    text("gateway", "The gateway of its management subnet."),
    text("netmask", "The netmask of its management subnet."),
    text("startip", "The first address of its management range."),
    text("endip", "The last address of its management range."),
)
_EXAMPLE = {"id": "0190f3c2-2222-7000-8000-000000000001"}

create_pod = Command(
    name="createPod",
    description="Makes a pod; one of an edge zone may do without gateway, netmask and startip.",
    parameters=(
        text("name", "The pod's name.", required=True),
        entity("zoneid", "zone", "The zone that it is part of.", required=True),
        *_SUBNET,
        text("allocationstate", "Enabled or Disabled; Enabled if left out."),
    ),
    refused=refused("storageaccessgroups"),
    returns=Returns.OBJECT,
    mutates=True,
    event="POD.CREATE",
    view=POD,
    object="pod",
    kind="pod",
    example={
        "name": "pod1",
        "zoneid": "0190f3c2-1111-7000-8000-000000000001",
        "gateway": "172.16.1.1",
        "netmask": "255.255.255.0",
        "startip": "172.16.1.2",
        "endip": "172.16.1.100",
    },
)

update_pod = Command(
    name="updatePod",
    description="Changes a pod, opens it for tenants or closes it.",
    parameters=(
        _ID,
        text("name", "Its new name."),
        *_SUBNET,
        text("allocationstate", "Enabled, or Disabled for everybody but operators."),
    ),
    returns=Returns.OBJECT,
    mutates=True,
    event="POD.EDIT",
    view=POD,
    object="pod",
    kind="pod",
    example=_EXAMPLE | {"allocationstate": "Disabled"},
)

delete_pod = Command(
    name="deletePod",
    description="Removes an empty pod.",
    parameters=(_ID,),
    returns=Returns.SUCCESS,
    mutates=True,
    event="POD.DELETE",
    kind="pod",
    example=_EXAMPLE,
)

list_pods = Command(
    name="listPods",
    description="Lists pods.",
    parameters=(
        *LISTING,
        entity("id", "pod", "The pod's UUID."),
        text("name", "The pod's name."),
        entity("zoneid", "zone", "List the pods of this zone."),
        text("allocationstate", "Enabled or Disabled."),
    ),
    refused=(*refused("storageaccessgroup"), Refused("showcapacities", harmless=("false",))),
    returns=Returns.LIST,
    mutates=False,
    view=POD,
    object="pod",
    kind="pod",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
