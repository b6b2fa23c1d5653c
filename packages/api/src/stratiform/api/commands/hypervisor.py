"""Hypervisors: which there are."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, entity
from stratiform.api.view import View, string

list_hypervisors = Command(
    name="listHypervisors",
    description="Lists the hypervisors that clusters can be of, or those of a zone's clusters.",
    parameters=(*LISTING, entity("zoneid", "zone", "List the hypervisors of this zone's clusters.")),
    returns=Returns.LIST,
    mutates=False,
    view=View("hypervisor", (string("name", "its name, for example KVM"),)),
    object="hypervisor",
    kind="hypervisor",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
