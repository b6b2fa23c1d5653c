"""The commands on hosts."""

import sqlalchemy

from stratiform.api.cloud import Submitted
from stratiform.engine import check, registry
from stratiform.engine.call import Call
from stratiform.engine.cluster import service as cluster_service
from stratiform.engine.cluster.table import cluster
from stratiform.engine.command import Change, Commands, Submit, record, recorded
from stratiform.engine.entity import name_key
from stratiform.engine.host import rules, service
from stratiform.engine.host.jobs.connect import connect, file, reconnect
from stratiform.engine.host.states import Event, State, machine
from stratiform.engine.registry import Row
from stratiform.engine.tools import Tools
from stratiform.engine.zone.service import change

ALLOCATION = {
    "enable": Event.ENABLE,
    "enabled": Event.ENABLE,
    "disable": Event.DISABLE,
    "disabled": Event.DISABLE,
    "deactivate": Event.DEACTIVATE,
    "inactive": Event.DEACTIVATE,
}
"""What clients say, by what it makes of a host; to deactivate is ours."""


def add(call: Call) -> Submitted:
    """Write a host and have it connected."""
    allocation = _allocation(call)
    if allocation is Event.DEACTIVATE:
        reason = "a new host is Enabled or Disabled"
        raise check.BadParameter(parameter="allocationstate", value=call.text("allocationstate"), reason=reason)
    zone, pod = call.find("zone", "zoneid"), call.find("pod", "podid")
    if pod.zone_id != zone.id:
        reason = f"the pod {pod.name} is not in the zone {zone.name}"
        raise check.BadParameter(parameter="podid", value=pod.uuid, reason=reason)
    row = service.create(
        call.tx,
        call.world,
        call.work.the(Tools),
        zone=zone,
        pod=pod,
        cluster=_cluster(call, pod),
        url=call.text("url"),
        tags=call.texts("hosttags"),
    )
    job = file(call.work, connect, row, call.who.account, disabled=allocation is Event.DISABLE)
    return Submitted(job=job, entity=row.uuid)


def update(call: Call) -> Submitted:
    """Change what is given; a host in Error that is enabled is connected anew."""
    row = call.find("host", "id")
    values: dict[str, object] = {} if not call.given("name") else {"name": call.text("name")}
    if call.given("hosttags"):
        values["tags"] = rules.join(call.texts("hosttags"))
    row = change(call.tx, service.NOUN, row, values)
    event = _allocation(call)
    if event is Event.ENABLE and row.state == State.ERROR:
        row = registry.move(call.tx, service.NOUN, row, machine, event)
        return Submitted(job=file(call.work, reconnect, row, call.who.account), entity=row.uuid)
    if event is not None:
        service.open_for(call.tx, row, event)
    return recorded(call, "host", row.uuid)


def delete(call: Call) -> None:
    """Remove a host on which no machine is."""
    service.remove(call.tx, call.world, call.find("host", "id"), forced=call.flag("forced"))


def _allocation(call: Call) -> Event | None:
    value = call.text_if_given("allocationstate")
    if not value:
        return None
    event = ALLOCATION.get(value.lower())
    if event is None:
        reason = "it is Enable, Disable or Deactivate"
        raise check.BadParameter(parameter="allocationstate", value=value, reason=reason)
    return event


def _cluster(call: Call, pod: Row) -> Row:
    """The cluster that is named by its UUID, or by its name in the pod: there one is made if there is none."""
    name, wanted = call.text_if_given("clustername") or None, call.text("hypervisor")
    if (name is None) == (not call.given("clusterid")):
        reason = "a host is added to one cluster, named by clusterid or by clustername"
        raise check.BadParameter(parameter="clusterid", value=call.text_if_given("clusterid"), reason=reason)
    row = call.find_if_given("cluster", "clusterid")
    if row is None:
        key = name_key(check.name("clustername", str(name)))
        same = (cluster.c.pod_id == pod.id, cluster.c.name_key == key, cluster.c.removed.is_(None))
        row = call.tx.execute(sqlalchemy.select(cluster).where(*same)).one_or_none()
    if row is None:
        tools = call.work.the(Tools)
        spelled = next((each for each in tools.hypervisors if each.lower() == wanted.lower()), wanted)
        kind = tools.hypervisor(spelled).name
        row = cluster_service.create(call.tx, call.world, pod=pod, name=str(name), hypervisor=kind)
    if row.pod_id != pod.id:
        reason = f"the cluster {row.name} is not in the pod {pod.name}"
        raise check.BadParameter(parameter="clusterid", value=row.uuid, reason=reason)
    if row.hypervisor.lower() != wanted.lower():
        reason = f"the hosts of the cluster {row.name} are {row.hypervisor}"
        raise check.BadParameter(parameter="hypervisor", value=wanted, reason=reason)
    return row


COMMANDS: Commands = {
    "addHost": Submit(add, (connect,)),
    "updateHost": Submit(update, (reconnect, record("updateHost"))),
    "deleteHost": Change("host", delete),
}
