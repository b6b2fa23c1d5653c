"""Take machines to their next state, with the event that tells of it."""

from collections.abc import Mapping, Sequence

import msgspec

from stratiform.engine.vm.jobs.read import Machine
from stratiform.engine.vm.states import Event, machine
from stratiform.engine.vm.table import vm
from stratiform.framework.events.outbox import Event as Told
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work
from stratiform.framework.machine import Lost

FAILURES = frozenset({Event.FAIL, Event.BREAK})
"""What happens to a machine when what was wanted of it cannot be had."""


class Vm(msgspec.Struct, frozen=True, kw_only=True):
    """Which virtual machine; the payload of most jobs on one."""

    vm: int


def change(
    work: Work,
    members: Sequence[tuple[Run[msgspec.Struct], Machine]],
    event: Event,
    kind: str,
    *,
    each: Mapping[int, Mapping[str, object]] | None = None,
    **values: object,
) -> None:
    """Move the machines, whose states allow it, and publish `kind`, for example VM.START.

    Raises `Lost`, and the step is tried again, if somebody who needs no lane changed one meanwhile: its name, say.
    """
    if not members:
        return
    moved = machine.transition(work.tx, vm, [vmachine.member for _, vmachine in members], event, each=each, **values)
    for run, vmachine in members:
        row = vmachine.row
        if row.id not in moved:
            raise Lost(kind=machine.kind, id=row.uuid, state=row.state, event=event.value)
        state = machine.after(row.state, event)
        told = Told(
            kind=kind,
            resource_kind="vm",
            resource=row.uuid,
            generation=row.generation + 1,
            payload={"state": state, "name": row.name} | ({"failed": True} if event in FAILURES else {}),
            owner=row.account_uuid,  # whoever it is done for: an operator may move it
        )
        work.publish(told, run)
