"""The commands on primary storage pools."""

from stratiform.api.cloud import Submitted
from stratiform.api.spec import PoolSpec
from stratiform.engine import check
from stratiform.engine.call import Call
from stratiform.engine.command import Commands, Submit, record, recorded
from stratiform.engine.host.jobs import reach
from stratiform.engine.host.jobs.detach import Detach, detach
from stratiform.engine.pool import service
from stratiform.engine.pool.jobs.attach import attach, attach_again, file
from stratiform.engine.pool.states import State


def create(call: Call) -> Submitted:
    """Write a pool and have the connected hosts that reach it attach it."""
    zone, pod = call.find("zone", "zoneid"), call.find_if_given("pod", "podid")
    cluster = call.find_if_given("cluster", "clusterid")
    for parameter, each in (("podid", pod), ("clusterid", cluster)):
        if each is not None and each.zone_id != zone.id:
            reason = f"{each.name} is not in the zone {zone.name}"
            raise check.BadParameter(parameter=parameter, value=each.uuid, reason=reason)
    if cluster is not None and pod is not None and cluster.pod_id != pod.id:
        reason = f"the cluster {cluster.name} is not in the pod {pod.name}"
        raise check.BadParameter(parameter="clusterid", value=cluster.uuid, reason=reason)
    capacity = call.number_if_given("capacitybytes")
    row = service.create(
        call.tx,
        call.world,
        zone=zone,
        cluster=cluster,
        name=call.text("name"),
        url=call.text("url"),
        scope=call.text_if_given("scope"),
        hypervisor=call.text_if_given("hypervisor"),
        tags=call.text_if_given("tags"),
        capacity=None if capacity is None else check.at_least("capacitybytes", capacity, 1),
    )
    return Submitted(job=file(call.work, attach, row, call.who.account), entity=row.uuid)


def update(call: Call) -> Submitted:
    """Change what is given; a pool that could not be attached and is enabled is attached anew."""
    row = service.update(
        call.tx,
        call.find("storage_pool", "id"),
        name=call.text_if_given("name"),
        tags=call.texts("tags") if call.given("tags") else None,
        capacity=call.number_if_given("capacitybytes"),
    )
    if call.flag("enabled") and row.state == State.INITIAL:
        return Submitted(job=file(call.work, attach_again, row, call.who.account), entity=row.uuid)
    if call.given("enabled"):
        service.open_for(call.tx, row, enabled=call.flag("enabled"))
    return recorded(call, "storage_pool", row.uuid)


def delete(call: Call) -> Submitted:
    """Remove a pool without volumes; the hosts that have it leave it by and by."""
    row = call.find("storage_pool", "id")
    service.remove(call.tx, call.world, row)
    reach.take_turns(call.tx, row.zone_id)
    spec = PoolSpec(uuid=row.uuid, url=row.url)
    for each in reach.having(call.tx, row.id):
        payload = Detach(host=each.id, target=each.target, pool=row.id, spec=spec)
        call.work.submit(detach, payload, fair_key=call.who.account, resource=f"host/{each.target.uuid}")
    return recorded(call, "storage_pool", row.uuid)


COMMANDS: Commands = {
    "createStoragePool": Submit(create, (attach,)),
    "updateStoragePool": Submit(update, (attach_again, record("updateStoragePool"))),
    "deleteStoragePool": Submit(delete, (record("deleteStoragePool"),)),
}
