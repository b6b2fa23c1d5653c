"""Find out where a virtual machine is after a move that nobody knows the end of."""

from enum import StrEnum

import msgspec

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.api.spec import Inventory
from stratiform.engine.host.jobs.command import Target, send
from stratiform.framework.agents.message import message
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class Place(StrEnum):
    """Where it is, for certain and for as long as nobody moves it again."""

    HERE = "here"
    """Where it was."""
    THERE = "there"
    """Where it was to move to."""
    GONE = "gone"
    """At neither: it stopped by itself, or its host lost it."""


class Undecided(errors.Error):
    """{name} is at neither host for certain: it is on its way, and does not run yet. It is looked at again."""

    code = "undecided"


class Locate(msgspec.Struct, frozen=True, kw_only=True):
    """The name of the run, the host that it was on, and the one that it was to move to."""

    name: str
    source: Target
    destination: Target


@step(priority=Priority.CONTROL)
def keep(work: Work, run: Run[Locate]) -> None:
    """Let the host that it was on keep it, if it is still there: from then on nothing takes it away."""
    send(work, run, run.payload.source, message(Hypervisor.stay, run.payload.name), urgent=True)


@step(priority=Priority.CONTROL)
def look(work: Work, run: Run[Locate]) -> Place | None:
    """If it is not there any more, ask the other host what runs there: what left the one has arrived or is gone."""
    if run.answer == [True]:
        work.complete(run)
        return Place.HERE
    send(work, run, run.payload.destination, message(Hypervisor.inventory), urgent=True)
    return None


@step(priority=Priority.CONTROL)
def tell(work: Work, run: Run[Locate]) -> Place:
    """Say where it is."""
    (there,) = msgspec.convert(run.answer, list[Inventory])
    found = [each.running for each in there.vms if each.name == run.payload.name]
    if found and not all(found):
        raise Undecided(name=run.payload.name)
    return Place.THERE if found else Place.GONE


locate = Job("vm.locate", 1, Locate, "vm", [keep, look, tell])
