"""A command to a resource as a job: its lane is the resource's, its one step is sent over the channel."""

from stratiform.framework.agents.channel import Channel, Command
from stratiform.framework.jobs.call import Call
from stratiform.framework.jobs.kind import Job, Priority, effect

LIMIT = 60
"""Seconds of silence after which the fate of a command is asked for, again and again."""


@effect(priority=Priority.CONTROL, limit=LIMIT, answers=True)
def send(call: Call[Command]) -> None:
    """Send the message; the far end carries it out once, however often it is sent."""
    call.the(Channel).send(call)


@send.ask
def ask(call: Call[Command]) -> None:
    """Ask the far end; what it never saw is sent, under an epoch that older senders do not have."""
    call.the(Channel).ask(call)


@send.stop
def stop(call: Call[Command]) -> None:
    """Ask the far end to end it early, past the resource's lane; what cannot be ended ends as it ends."""
    call.the(Channel).abort(call)


def command(kind: str) -> Job:
    """The kind of job that commands resources of a kind: stage and lane are named after it, as in `host/UUID`."""
    return Job(f"{kind}.command", 1, Command, kind, [send], lane=kind + "/{resource}")


def control(resource: str, kind: str) -> str:
    """The lane of commands that must pass a resource's full lane: its reserved control slot."""
    return f"{kind}-control/{resource}"
