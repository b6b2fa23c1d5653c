"""Pods: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Refused, entity, refused, text
from stratiform.api.view import Field, View, string

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
        string("allocationstate", "Enabled, or Disabled for everybody but operators"),
    ),
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
