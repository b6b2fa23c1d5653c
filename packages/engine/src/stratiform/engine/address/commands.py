"""The command that takes a range of addresses away."""

from stratiform.engine.address import service
from stratiform.engine.call import Call
from stratiform.engine.command import Change, Commands


def delete_range(call: Call) -> None:
    """Remove a range whose addresses are all free."""
    service.remove_range(call.tx, call.world, call.find("ip_range", "id"))


COMMANDS: Commands = {"deleteVlanIpRange": Change("ip_range", delete_range)}
