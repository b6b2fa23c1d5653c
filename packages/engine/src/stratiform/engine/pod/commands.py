"""The commands on pods."""

from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands
from stratiform.engine.pod import service
from stratiform.engine.registry import Row
from stratiform.engine.zone.states import Allocation
from stratiform.framework.base import errors

SUBNET = {"gateway": "gateway", "netmask": "netmask", "start_ip": "startip", "end_ip": "endip"}
"""By column: the wire's parameter."""
NEEDED = ("gateway", "netmask", "startip")
"""What a pod has unless its zone is an edge zone."""


def create(call: Call) -> Row:
    """Make a pod, open unless told otherwise."""
    zone = call.find("zone", "zoneid")
    for parameter in NEEDED:
        if not zone.is_edge and not call.given(parameter):
            raise errors.Invalid(reason=f"{parameter} is required: only pods of an edge zone may have no subnet")
    return service.create(
        call.tx,
        call.world,
        zone=zone,
        name=call.text("name"),
        state=call.text_if_given("allocationstate") or Allocation.ENABLED,
        **_subnet(call),
    )


def update(call: Call) -> Row:
    """Change a pod, open it or close it."""
    return service.update(
        call.tx,
        call.world,
        call.find("pod", "id"),
        name=call.text_if_given("name"),
        state=call.text_if_given("allocationstate"),
        **_subnet(call),
    )


def delete(call: Call) -> None:
    """Remove an empty pod."""
    service.remove(call.tx, call.world, call.find("pod", "id"))


def _subnet(call: Call) -> dict[str, str | None]:
    return {column: call.text_if_given(parameter) for column, parameter in SUBNET.items()}


COMMANDS: Commands = {
    "createPod": Change("pod", create),
    "updatePod": Change("pod", update),
    "deletePod": Change("pod", delete),
}
