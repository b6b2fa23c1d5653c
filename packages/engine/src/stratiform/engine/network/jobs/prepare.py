"""Prepare network cards: each gets an address of its network before its machine starts."""

from collections.abc import Sequence

import msgspec

from stratiform.engine.address import service as address
from stratiform.engine.address.service import Claimed, Wanted
from stratiform.engine.network.table import nic
from stratiform.framework.base import errors
from stratiform.framework.jobs.kind import Job, Priority, step
from stratiform.framework.jobs.run import Run
from stratiform.framework.jobs.work import Work


class NoAddress(errors.Error):
    """The network {network} has no free address left. Add a range to it, or choose another network."""

    code = "insufficient_address_capacity"


class Prepare(msgspec.Struct, frozen=True, kw_only=True):
    """Which card, on which network, for whom."""

    nic: int
    network: int
    account: int
    name: str
    """The network's name, for errors."""
    pod: int = 0
    """The pod that the machine is placed in, where each has addresses of its own; elsewhere 0."""


@step(priority=Priority.NETWORK_PATH, batch=True)
def lease(work: Work, runs: Sequence[Run[Prepare]]) -> None:
    """Give each card the lowest free address of its network, in its pod; it gives back one of another pod."""
    cards = {run.payload.nic: run.payload for run in runs}
    held = address.pods(work.tx, [card.nic for card in cards.values() if card.pod])
    astray = sorted(id for id, pod in held.items() if pod != cards[id].pod)
    address.release(work.tx, astray)
    work.tx.alter(nic, [{"id": id, **dict.fromkeys(Claimed._fields)} for id in astray], ["id"])
    without = [card for card in cards.values() if card.nic not in held or card.nic in astray]
    got = address.claim(work.tx, [Wanted(each.nic, each.network, each.account, pod=each.pod) for each in without])
    for run in runs:
        if run.payload in without and run.payload.nic not in got:
            work.fail(run, NoAddress(network=run.payload.name))
    work.tx.alter(nic, [{"id": id, **each._asdict()} for id, each in sorted(got.items())], ["id"])


prepare = Job("nic.prepare", 1, Prepare, "network", [lease])
