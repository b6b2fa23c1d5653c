"""The client of a running simulator's control interface."""

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import msgspec

from stratiform.framework.agents.frame import Act, Reply, Request, pack
from stratiform.framework.agents.message import answer, message
from stratiform.framework.agents.socket import SocketTransport
from stratiform.framework.base.clock import SystemClock
from stratiform.framework.base.errors import Unreachable, restore
from stratiform.framework.base.threads import SystemThreads
from stratiform.plugins.hypervisor.simulator.control import CONTROL, Control, Everything
from stratiform.plugins.hypervisor.simulator.journal import JournalEntry
from stratiform.plugins.hypervisor.simulator.latency import Distribution
from stratiform.plugins.hypervisor.simulator.place import Place
from stratiform.plugins.hypervisor.simulator.rule import Rule
from stratiform.plugins.hypervisor.simulator.shape import Shape

P = ParamSpec("P")
R = TypeVar("R")

TIMEOUT = 20.0
"""Seconds until the simulator counts as unreachable."""


class SimulatorClient:
    """`Control` of the simulator that serves a directory; waits for each answer, and raises what went wrong.

    Raises `Unreachable` if no simulator serves there. May outlive simulators.
    """

    def __init__(self, data: Path, *, timeout: float = TIMEOUT) -> None:
        self._place = Place(data)
        self._timeout = timeout
        self._transport = SocketTransport(SystemThreads(), SystemClock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the client's thread and sockets; the simulator runs on."""
        self._transport.close()

    def add_rule(self, rule: Rule) -> int:
        """Add a rule; answers its id."""
        return self._ask(Control.add_rule, rule)

    def remove_rule(self, rule: int) -> None:
        """Remove a rule; do nothing if there is none with this id."""
        self._ask(Control.remove_rule, rule)

    def rules(self) -> list[Rule]:
        """Every rule that is not used up."""
        return self._ask(Control.rules)

    def set_latency(self, verb: str, latency: Distribution) -> None:
        """Let a verb take time where no rule says otherwise; `*` is every verb that has none of its own."""
        self._ask(Control.set_latency, verb, latency)

    def set_shape(self, host: str, shape: Shape) -> None:
        """What the hosts are made of whose UUID or URL fits."""
        self._ask(Control.set_shape, host, shape)

    def crash(self, host: str) -> None:
        """Cut the host's power: its virtual machines stop, nothing is answered."""
        self._ask(Control.crash, host)

    def hang(self, host: str) -> None:
        """Let the host take everything and answer nothing; its virtual machines go on running."""
        self._ask(Control.hang, host)

    def partition(self, host: str) -> None:
        """Lose whatever is sent to the host or by it; its virtual machines go on running."""
        self._ask(Control.partition, host)

    def restore(self, host: str) -> None:
        """Bring the host up again."""
        self._ask(Control.restore, host)

    def journal(self, host: str = "", since: int = 0, limit: int = 1000) -> list[JournalEntry]:
        """What hosts, or one host by its UUID, were told after entry `since`; the oldest first."""
        return self._ask(Control.journal, host, since, limit)

    def inventory(self) -> Everything:
        """All hosts and all disks."""
        return self._ask(Control.inventory)

    def shutdown(self) -> None:
        """End the simulator's process."""
        self._ask(Control.shutdown)

    def _ask(self, verb: Callable[Concatenate[Control, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        address = self._place.address()
        replies: queue.SimpleQueue[bytes | str] = queue.SimpleQueue()
        link = self._transport.open(address, replies.put, replies.put)
        try:
            request = Request(act=Act.SEND, resource=CONTROL, message=message(verb, *args, **kwargs))
            link.send(pack(request))
            frame = replies.get(timeout=self._timeout)
        except queue.Empty:
            raise Unreachable(address=address, reason=f"no answer in {self._timeout} seconds") from None
        finally:
            link.close()
        if isinstance(frame, str):
            raise Unreachable(address=address, reason=frame)
        reply = msgspec.json.decode(frame, type=Reply)
        if reply.error:
            raise restore(reply.error)
        return answer(verb, reply.answer)
