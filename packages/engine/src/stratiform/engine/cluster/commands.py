"""The commands on clusters."""

from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.cluster import service
from stratiform.engine.cluster.service import Arch
from stratiform.engine.command import Change, Commands
from stratiform.engine.registry import Row
from stratiform.engine.zone.states import Allocation

FIXED = {"hypervisor": "hypervisor", "clustertype": "type", "arch": "arch"}
"""Parameters that clients repeat when they change something else, and the columns that stay as they are."""


def add(call: Call) -> Row:
    """Make a cluster, open unless told otherwise."""
    zone, pod = call.find("zone", "zoneid"), call.find("pod", "podid")
    if pod.zone_id != zone.id:
        reason = f"it is a pod of the zone {zone.name}, and the pod {pod.name} is of another"
        raise check.BadParameter(parameter="podid", value=pod.uuid, reason=reason)
    return service.create(
        call.tx,
        call.world,
        pod=pod,
        name=call.text("clustername"),
        hypervisor=call.text("hypervisor"),
        type=call.text("clustertype"),
        arch=call.text_if_given("arch") or Arch.X86_64,
        state=call.text_if_given("allocationstate") or Allocation.ENABLED,
    )


def update(call: Call) -> Row:
    """Rename a cluster, open it or close it."""
    row = call.find("cluster", "id")
    for parameter, column in FIXED.items():
        wanted, there = call.text_if_given(parameter), getattr(row, column)
        if wanted is not None and wanted.lower() != there.lower():
            reason = f"the cluster {row.name} is of {there}, for as long as there is one"
            raise check.BadParameter(parameter=parameter, value=wanted, reason=reason)
    return service.update(
        call.tx,
        call.world,
        row,
        name=call.text_if_given("clustername"),
        state=call.text_if_given("allocationstate"),
    )


def delete(call: Call) -> None:
    """Remove an empty cluster."""
    service.remove(call.tx, call.world, call.find("cluster", "id"))


COMMANDS: Commands = {
    "addCluster": Change("cluster", add),
    "updateCluster": Change("cluster", update),
    "deleteCluster": Change("cluster", delete),
}
