"""Making, renaming and recovering virtual machines; what their jobs do is in `jobs`."""

from collections.abc import Sequence

import sqlalchemy

from stratiform.engine import check, registry
from stratiform.engine.entity import name_key
from stratiform.engine.network.rules import mac
from stratiform.engine.network.table import nic
from stratiform.engine.registry import Noun, Row
from stratiform.engine.template.states import READY
from stratiform.engine.vm.states import Event, Power, State, machine
from stratiform.engine.vm.table import vm
from stratiform.engine.volume.service import move as move_volumes
from stratiform.engine.volume.states import Event as VolumeEvent
from stratiform.engine.volume.states import State as VolumeState
from stratiform.engine.volume.table import volume
from stratiform.framework.base import errors
from stratiform.framework.base.world import World
from stratiform.framework.db.database import Transaction
from stratiform.framework.events import outbox

NOUN = Noun(kind="vm", table=vm, event="VM", within=("account_id",), names={"EDIT": "VM.UPDATE"})


def create(
    tx: Transaction,
    world: World,
    *,
    account: Row,
    user_id: int,
    zone: Row,
    offering: Row,
    template: Row,
    networks: Sequence[Row],
    name: str | None = None,
    display_name: str | None = None,
) -> Row:
    """A stopped machine with a card on each network, the first the default one, and a root volume that is a plan.

    Without a name it is called after its UUID. Raises `BadParameter` for what cannot be combined.
    """
    _examine(zone, offering, template, networks)
    id, uuid = tx.new_id(), world.ids.uuid()
    row = registry.write(
        tx,
        world,
        NOUN,
        owner=account.uuid,
        id=id,
        uuid=uuid,
        name=name or f"VM-{uuid}",
        display_name=check.name("displayname", display_name or name or f"VM-{uuid}"),
        instance_name=f"i-{account.id}-{id}-VM",
        account_id=account.id,
        account_user_id=user_id,
        zone_id=zone.id,
        service_offering_id=offering.id,
        template_id=template.id,
        os_type_id=template.os_type_id,
        hypervisor=template.hypervisor,
        state=State.STOPPED,
        power=Power.OFF,
        run=0,
        cpus=offering.cpus,
        speed=offering.speed,
        memory=offering.memory,
    )
    _add_cards(tx, world, row, networks)
    _add_root(tx, world, row, offering, template)
    return row


def rename(tx: Transaction, world: World, row: Row, *, name: str | None, display_name: str | None) -> Row:
    """Call a machine otherwise; a new host name is in force from its next start."""
    values: dict[str, object] = {"updated": world.clock.now()}
    if name is not None:
        values["name"] = name
    if display_name is not None:
        values["display_name"] = check.name("displayname", display_name)
    return registry.change(tx, NOUN, row, **values)


def recover(tx: Transaction, row: Row) -> Row:
    """Give a destroyed machine back to its owner, stopped, with its disks. Raises `Conflict` if it is too late."""
    if row.state != State.DESTROYED:
        raise errors.Conflict(kind="virtual machine", id=row.uuid, state=row.state, action="recovering it")
    machine.transition_one(tx, vm, (row.id, row.state, row.generation), Event.RECOVER)
    back = tx.execute(sqlalchemy.select(vm).where(vm.c.id == row.id)).one()
    registry.publish(tx, NOUN, back, "RECOVER", state=back.state)
    thrown = sqlalchemy.select(volume.c.id).where(
        volume.c.vm_id == row.id, volume.c.state == VolumeState.DESTROY, volume.c.removed.is_(None)
    )
    disks = tx.connection.execute(thrown).scalars().all()
    outbox.publish(tx, list(move_volumes(tx, disks, VolumeEvent.RECOVER, "VOLUME.RECOVER").values()))
    return back


def _examine(zone: Row, offering: Row, template: Row, networks: Sequence[Row]) -> None:
    if None in (offering.cpus, offering.speed, offering.memory):
        reason = "its processors or memory are for the tenant to choose, which is not provided yet"
        raise check.BadParameter(parameter="serviceofferingid", value=offering.uuid, reason=reason)
    if template.zone_id not in (None, zone.id):
        reason = "it is not in this zone"
        raise check.BadParameter(parameter="templateid", value=template.uuid, reason=reason)
    if template.state not in READY:
        reason = "it is not ready yet"
        raise check.BadParameter(parameter="templateid", value=template.uuid, reason=reason)
    ids = [each.uuid for each in networks]
    if len(set(ids)) < len(ids):
        reason = "a machine has one card on a network"
        raise check.BadParameter(parameter="networkids", value=",".join(ids), reason=reason)


def _add_cards(tx: Transaction, world: World, row: Row, networks: Sequence[Row]) -> None:
    cards = []
    for device, network in enumerate(networks):
        id = tx.new_id()
        cards.append(
            {
                "id": id,
                "uuid": world.ids.uuid(),
                "created": row.created,
                "vm_id": row.id,
                "network_id": network.id,
                "device": device,
                "mac": mac(id),
                "is_default": device == 0,
            }
        )
    tx.insert(nic, cards)


def _add_root(tx: Transaction, world: World, row: Row, offering: Row, template: Row) -> None:
    name = f"ROOT-{row.id}"
    root = {
        "id": tx.new_id(),
        "uuid": world.ids.uuid(),
        "created": row.created,
        "name": name,
        "name_key": name_key(name),
        "account_id": row.account_id,
        "zone_id": row.zone_id,
        "vm_id": row.id,
        "disk_offering_id": offering.disk_offering_id,
        "template_id": template.id,
        "type": "ROOT",
        "device": 0,
        "size": max(offering.root_disk_size or 0, template.size),
        "state": VolumeState.ALLOCATED,
        "attached": row.created,
    }
    tx.insert(volume, [root])
