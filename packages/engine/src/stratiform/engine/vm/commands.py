"""The commands on virtual machines, as the engine takes them: look up, write, file the job."""

from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import Select, and_, bindparam, or_

from stratiform.api.cloud import Submitted
from stratiform.engine.account.commands import owner as owner_of
from stratiform.engine.account.service import CALLER
from stratiform.engine.account.table import account, account_user
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands, Submit
from stratiform.engine.domain.table import domain
from stratiform.engine.network.listing import LISTING as NETWORKS
from stratiform.engine.network.states import State as NetworkState
from stratiform.engine.network.table import network
from stratiform.engine.offering.service import GuestType
from stratiform.engine.registry import Row
from stratiform.engine.vm import service
from stratiform.engine.vm.jobs.change import Vm
from stratiform.engine.vm.jobs.deploy import allocate
from stratiform.engine.vm.jobs.deploy import deploy as deploy_job
from stratiform.engine.vm.jobs.destroy import Destroy
from stratiform.engine.vm.jobs.destroy import destroy as destroy_job
from stratiform.engine.vm.jobs.expunge import expunge as expunge_job
from stratiform.engine.vm.jobs.reboot import reboot as reboot_job
from stratiform.engine.vm.jobs.start import Start
from stratiform.engine.vm.jobs.start import start as start_job
from stratiform.engine.vm.jobs.stop import Stop
from stratiform.engine.vm.jobs.stop import stop as stop_job
from stratiform.engine.vm.states import State
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job


def deploy(call: Call) -> Submitted:
    """Write the machine with its cards and its root volume, and start it unless told not to."""
    zone, offering, template = call.find_all(_NAMED)
    if zone.state != "Enabled" and call.who.role != "Admin":
        raise errors.Conflict(kind="zone", id=zone.uuid, state=zone.state, action="deploying there")
    owner = owner_of(call, "deploying for it")
    host = _host(call, zone)
    row = service.create(
        call.tx,
        call.world,
        account=owner,
        user_id=_user(call, owner),
        zone=zone,
        offering=offering,
        template=template,
        networks=_networks(call, zone, owner),
        name=call.text_if_given("name"),
        display_name=call.text_if_given("displayname"),
    )
    if call.flag("startvm", True):
        return _file(call, deploy_job, Start(vm=row.id, host=host), row, owner.uuid)
    return _file(call, allocate, Vm(vm=row.id), row, owner.uuid)


def start(call: Call) -> Submitted:
    """Start a machine."""
    row = _machine(call)
    return _file(call, start_job, Start(vm=row.id), row)


def stop(call: Call) -> Submitted:
    """Stop a machine."""
    row = _machine(call)
    return _file(call, stop_job, Stop(vm=row.id, forced=call.flag("forced")), row)


def reboot(call: Call) -> Submitted:
    """Reset a machine."""
    row = _machine(call)
    return _file(call, reboot_job, Vm(vm=row.id), row)


def destroy(call: Call) -> Submitted:
    """Throw a machine away."""
    row = _machine(call)
    return _file(call, destroy_job, Destroy(vm=row.id, expunge=call.flag("expunge")), row)


def expunge(call: Call) -> Submitted:
    """Remove a machine that was thrown away."""
    row = _machine(call)
    if row.state not in (State.DESTROYED, State.EXPUNGING):
        action = "expunging it; destroy it first"
        raise errors.Conflict(kind="virtual machine", id=row.uuid, state=row.state, action=action)
    return _file(call, expunge_job, Vm(vm=row.id), row)


def recover(call: Call) -> Row:
    """Give a machine back."""
    return service.recover(call.tx, call.find("vm", "id"))


def update(call: Call) -> Row:
    """Call a machine otherwise."""
    row = call.find("vm", "id")
    return service.rename(
        call.tx, call.world, row, name=call.text_if_given("name"), display_name=call.text_if_given("displayname")
    )


def _machine(call: Call) -> Row:
    return call.find("vm", "id")


def _file(call: Call, job: Job, payload: msgspec.Struct, row: Row, owner: str | None = None) -> Submitted:
    if owner is None:
        wanted = sqlalchemy.select(account.c.uuid).where(account.c.id == row.account_id)
        owner = call.tx.connection.execute(wanted).scalar_one()
    run = call.work.submit(job, payload, fair_key=owner, resource=f"vm/{row.uuid}")
    return Submitted(job=run.uuid, entity=row.uuid)


def _host(call: Call, zone: Row) -> int | None:
    """The one host that the machine may go to, if somebody chose it."""
    host = call.find_if_given("host", "hostid")
    if host is None:
        return None
    if host.zone_id != zone.id:
        raise errors.Invalid(reason=f"the host {host.uuid} is not in the zone {zone.uuid}")
    return int(host.id)


def _user(call: Call, owner: Row) -> int:
    """The id of the user who calls, which comes with its own account."""
    known: int | None = getattr(owner, CALLER, None)
    if known is not None:
        return known
    wanted = sqlalchemy.select(account_user.c.id).where(account_user.c.uuid == call.who.user)
    return int(call.tx.connection.execute(wanted).scalar_one())


def _networks(call: Call, zone: Row, owner: Row) -> list[Row]:
    """The networks that were asked for, in order; else the zone's first shared network.

    Each is one that the caller may use, and the owner as well if the caller deploys for somebody else. None of them
    is removed before this transaction has ended.
    """
    asked, inside = call.texts("networkids"), {"zone": zone.id, "owner": owner.id, "home": owner.domain_id}
    if asked:
        found = {row.uuid: row for row in call.tx.execute(_ASKED, {**inside, "asked": asked})}
        return [_chosen(call, uuid, found.get(uuid), zone, owner) for uuid in asked]
    for row in call.tx.execute(_OPEN, inside):
        try:
            return [call.admit("network", row)]
        except (errors.NotFound, errors.Denied):
            continue
    raise errors.Invalid(reason=f"the zone {zone.name} has no shared network that you may use; give networkids")


def _chosen(call: Call, uuid: str, row: Row | None, zone: Row, owner: Row) -> Row:
    if row is not None:
        return call.admit("network", row)
    call.lookup("network", uuid)
    raise errors.Invalid(reason=f"the network {uuid} is not ready in the zone {zone.uuid} for machines of {owner.name}")


def _open_networks() -> Select[*tuple[Any, ...]]:
    """A zone's shared networks that an account may use: its own, its domain's, and those lent from above."""
    home, theirs = domain.alias("home"), domain.alias("theirs")
    below = and_(network.c.subdomain_access, home.c.path.like(theirs.c.path.concat("%")))
    shared = and_(network.c.acl_type == "Domain", or_(theirs.c.id == home.c.id, below))
    own = and_(network.c.acl_type == "Account", network.c.account_id == bindparam("owner"))
    return (
        sqlalchemy.select(network.c.id, network.c.uuid, *NETWORKS.binding.columns())
        .select_from(NETWORKS.source)
        .join(home, home.c.id == bindparam("home"))
        .outerjoin(theirs, theirs.c.id == network.c.domain_id)
        .where(
            network.c.zone_id == bindparam("zone"),
            network.c.guest_type == GuestType.SHARED,
            network.c.state == NetworkState.SETUP,
            network.c.removed.is_(None),
            or_(own, shared),
        )
        .order_by(network.c.id)
        .with_for_update(read=True, key_share=True, of=network)
    )


_NAMED = {"zoneid": "zone", "serviceofferingid": "service_offering", "templateid": "template"}
_OPEN = _open_networks()
_ASKED = _OPEN.where(network.c.uuid.in_(bindparam("asked", expanding=True)))

COMMANDS: Commands = {
    "deployVirtualMachine": Submit(deploy, (deploy_job, allocate)),
    "startVirtualMachine": Submit(start, (start_job,)),
    "stopVirtualMachine": Submit(stop, (stop_job,)),
    "rebootVirtualMachine": Submit(reboot, (reboot_job,)),
    "destroyVirtualMachine": Submit(destroy, (destroy_job,)),
    "expungeVirtualMachine": Submit(expunge, (expunge_job,)),
    "recoverVirtualMachine": Change("vm", recover),
    "updateVirtualMachine": Change("vm", update),
}
