"""Send a command to a host: a child in the stage `host`, on the lane of that host."""

import msgspec

from stratiform.framework.agents.channel import Command
from stratiform.framework.agents.command import command, control
from stratiform.framework.agents.message import Message
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A host as its channel knows it."""

    uuid: str
    transport: str
    address: str
    location: str


host_command = command("host")
"""Carries one message to one host; the host's lane bounds how many are in flight there."""


def send(
    work: Work,
    run: Run[msgspec.Struct],
    host: Target,
    message: Message,
    *,
    urgent: bool = False,
    slow: bool = False,
    once: bool = False,
) -> None:
    """Let the run wait for the host to carry out the message.

    `urgent` commands pass the host's full lane through its control slot: it is for what ends what fills the lane.
    `slow` ones, which take minutes, have a lane of their own and delay no others. What must not happen more than
    `once` is never repeated: it fails if nobody knows how it ended.
    """
    payload = Command(
        resource=host.uuid,
        transport=host.transport,
        address=host.address,
        location=host.location,
        message=message,
        once=once,
    )
    lane = control(host.uuid, "host") if urgent else f"host-move/{host.uuid}" if slow else None
    work.spawn(run, host_command, payload, resource=f"host/{host.uuid}", lane=lane)
