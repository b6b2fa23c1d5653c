"""The simulator: the far end of every simulated host, and the way there."""

from collections.abc import Mapping
from functools import partial

from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.farend import Answer, FarEnd
from stratiform.framework.agents.fate import Verdict
from stratiform.framework.agents.frame import Act, Reply, Request
from stratiform.framework.base.clock import Clock
from stratiform.plugins.hypervisor.simulator.commands import Commands
from stratiform.plugins.hypervisor.simulator.host import HYPERVISOR
from stratiform.plugins.hypervisor.simulator.hosts import Condition, Hosts, Known
from stratiform.plugins.hypervisor.simulator.journal import Journal
from stratiform.plugins.hypervisor.simulator.latency import Latencies
from stratiform.plugins.hypervisor.simulator.performer import Performer
from stratiform.plugins.hypervisor.simulator.rule import Rules
from stratiform.plugins.hypervisor.simulator.shape import Shapes
from stratiform.plugins.hypervisor.simulator.state import State
from stratiform.plugins.hypervisor.simulator.target import target


class Simulator:
    """All simulated hosts. Everything but `receive` happens on the clerk's thread."""

    def __init__(self, state: State, clerk: Clerk, clock: Clock, seed: int = 0) -> None:
        self.state = state
        self.clerk = clerk
        self.rules = Rules(state)
        self.latencies = Latencies(state)
        self.shapes = Shapes(state)
        self.hosts = Hosts(state, self.shapes)
        self.journal = Journal(state, clock)
        self._performer = Performer(clerk, self.rules, self.latencies, self.journal, seed)
        perform, stop = self._performer.perform, self._performer.stop
        self._farend = FarEnd(clerk, clock, perform, Commands(state), stop=stop, facts=_facts, watch=self._watch)

    def receive(self, request: Request, answer: Answer) -> None:
        """Take a request for a host, which comes to be by being named; on any thread, never blocks."""
        known = self.hosts.find(request.resource)
        if request.act is not Act.PROBE:
            self.clerk.post(partial(self._take, request, answer))
        elif known is None:
            self.clerk.post(lambda: self._meet(request))
            self._farend.probe(request, answer)
        elif known.condition is Condition.UP:
            self._farend.probe(request, answer)

    def put(self, name: str, condition: Condition) -> None:
        """Bring the host of this UUID or URL into a condition. Raises `NotFound`."""
        known = self.hosts.named(name)
        self.hosts.put(known, condition)
        if condition is Condition.CRASHED:
            known.host.lose_power()
            known.held.clear()
            self._performer.abandon(known)
        if condition is Condition.UP:
            held, known.held = known.held, []
            for action in held:
                action()

    def _meet(self, request: Request) -> None:
        self.hosts.meet(request.resource, request.address)

    def _take(self, request: Request, answer: Answer) -> None:
        known = self.hosts.meet(request.resource, request.address)
        if known.condition is Condition.UP:
            return self._farend.take(request, partial(self._answer, known, answer))
        held = known.condition is Condition.HUNG
        self.journal.tell(request, target(self.state, request).subject, "held" if held else "lost")
        if held:
            first = 0 if request.act is Act.ABORT else len(known.held)
            known.held.insert(first, partial(self._take, request, answer))
        return None

    def _watch(self, request: Request, verdict: Verdict) -> None:
        known = self.hosts.meet(request.resource, request.address)
        self._performer.watch(request, known, target(self.state, request), verdict)

    def _answer(self, known: Known, answer: Answer, reply: Reply) -> None:
        if known.condition is Condition.HUNG:
            known.held.append(partial(self._answer, known, answer, reply))
        elif known.condition is Condition.UP:
            for _ in range(self._performer.times(reply)):
                answer(reply)


def _facts(request: Request) -> Mapping[str, object]:
    return {"hypervisor_version": HYPERVISOR}
