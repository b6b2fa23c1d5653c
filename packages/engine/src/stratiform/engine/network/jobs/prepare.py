"""Prepare network cards: each gets an address of its network before its machine first starts."""

from collections.abc import Sequence

import msgspec

from stratiform.engine.address import service as address
from stratiform.engine.address.service import Wanted
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


@step(priority=Priority.NETWORK_PATH, batch=True)
def lease(work: Work, runs: Sequence[Run[Prepare]]) -> None:
    """Give each card the lowest free address of its network."""
    cards = [each.payload for each in runs]
    got = address.claim(work.tx, [Wanted(card.nic, card.network, card.account) for card in cards])
    for run in runs:
        if run.payload.nic not in got:
            work.fail(run, NoAddress(network=run.payload.name))
    leased = [{"id": id, "address_id": each.address_id, "ip4": each.ip4} for id, each in sorted(got.items())]
    work.tx.alter(nic, leased, ["id"])


prepare = Job("nic.prepare", 1, Prepare, "network", [lease])
