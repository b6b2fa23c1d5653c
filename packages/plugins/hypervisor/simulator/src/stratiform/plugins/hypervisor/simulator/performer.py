"""The performer: carries out a command on a simulated host, after its latency and through what goes wrong."""

from dataclasses import dataclass
from functools import partial
from random import Random

from stratiform.api.adapters.hypervisor import Hypervisor
from stratiform.framework.agents.abort import Aborted
from stratiform.framework.agents.clerk import Clerk
from stratiform.framework.agents.farend import End
from stratiform.framework.agents.fate import ABANDONED, Outcome, Verdict, done, failed
from stratiform.framework.agents.frame import Act, Fate, Reply, Request
from stratiform.framework.agents.message import UnknownVerb
from stratiform.framework.base.errors import Error
from stratiform.plugins.hypervisor.simulator.hosts import Condition, Known
from stratiform.plugins.hypervisor.simulator.journal import RUNNING, Journal
from stratiform.plugins.hypervisor.simulator.latency import Constant, Latencies, draw
from stratiform.plugins.hypervisor.simulator.rule import Action, Rule, Rules, Target

ABORTED = "aborted"
MIGRATE, STAY = Hypervisor.migrate.__qualname__, Hypervisor.stay.__qualname__
TIMES = {Action.LOSE: 0, Action.TWICE: 2}


class BrokenOff(Error):
    """The move of {name} was broken off. It runs on here; let it move again."""

    code = "broken_off"


class SimulatedFault(Error):
    """{text}"""

    code = "simulated_fault"


@dataclass(eq=False)
class _Flight:
    """A command between its beginning and its end."""

    request: Request
    known: Known
    target: Target
    entry: int
    rule: Rule | None = None
    end: End | None = None


class Performer:
    """Carries out each command at one instant; its effect and its outcome become durable together.

    A wait holds a place in the clerk's heap and no thread. What chance decides is drawn from the seed, the
    host and the command alone, so that the order in which commands come changes nothing.
    """

    def __init__(self, clerk: Clerk, rules: Rules, latencies: Latencies, journal: Journal, seed: int) -> None:
        self._clerk = clerk
        self._rules = rules
        self._latencies = latencies
        self._journal = journal
        self._seed = seed
        self._flights: dict[tuple[str, str], _Flight] = {}
        self._marred: dict[tuple[str, str], Action] = {}

    def watch(self, request: Request, known: Known, target: Target, verdict: Verdict) -> None:
        """Write down what a host was told, and remember a command that is about to be carried out."""
        entry = self._journal.tell(request, target.subject, _said(request, verdict))
        if verdict.begin:
            self._flights[_key(request)] = _Flight(request, known, target, entry)

    def perform(self, request: Request, end: End) -> None:
        """Begin to carry out a command that was watched."""
        flight = self._flights[_key(request)]
        flight.end = end
        if flight.known.condition is Condition.CRASHED:
            return self._finish(flight, ABANDONED, "abandoned: the host crashed")
        wait = self._plan(flight)
        if flight.rule and flight.rule.action is Action.HANG:
            return self._journal.end(flight.entry, RUNNING, flight.rule.id)
        if wait:
            return self._clerk.post_in(wait, partial(self._act, flight))
        return self._act(flight)

    def stop(self, request: Request) -> None:
        """Forget a command that was watched and did not act yet: it never will."""
        flight = self._flights.get(_key(request))
        if flight:
            self._finish(flight, ABANDONED, ABORTED)

    def abandon(self, known: Known) -> None:
        """Forget every command that the host was carrying out; none of them had an effect."""
        for flight in [flight for flight in self._flights.values() if flight.known is known and flight.end]:
            self._finish(flight, ABANDONED, "abandoned: the host crashed")

    def times(self, reply: Reply) -> int:
        """How many times a reply is to be sent."""
        if reply.act is not Act.SEND or reply.fate not in (Fate.DONE, Fate.FAILED):
            return 1
        return TIMES.get(self._marred.pop((reply.resource, reply.command), Action.ACT), 1)

    def _plan(self, flight: _Flight) -> int:
        usual = self._latencies.of(flight.target.verb)
        if not self._rules and isinstance(usual, Constant):
            return usual.microseconds
        source = Random(f"{self._seed}/{flight.request.resource}/{flight.request.command}")
        flight.rule = self._rules.pick(flight.target, source)
        return draw((flight.rule and flight.rule.delay) or usual, source)

    def _act(self, flight: _Flight) -> None:
        if self._flights.get(_key(flight.request)) is not flight:
            return None  # it was abandoned while it waited
        if flight.known.condition is Condition.HUNG:
            return flight.known.held.append(partial(self._act, flight))
        outcome = self._call(flight)
        if flight.rule and flight.rule.action in TIMES:
            self._marred[_key(flight.request)] = flight.rule.action
        said = "done" if outcome.error is None else f"failed: {outcome.error['text']}"
        return self._finish(flight, outcome, said)

    def _call(self, flight: _Flight) -> Outcome:
        message, understood = flight.request.message, flight.known.verbs
        assert message is not None
        try:
            if flight.rule and flight.rule.action is Action.FAIL:
                raise SimulatedFault(text=flight.rule.error)
            if message.verb == STAY:
                self._break_off(flight)
            if message.verb not in understood:
                raise UnknownVerb(verb=message.verb, version=message.version, known=", ".join(understood))
            return done(understood[message.verb](message))
        except Error as error:
            return failed(error)

    def _break_off(self, stay: _Flight) -> None:
        """End what is moving the virtual machine away that is to stay."""
        _, name = stay.target.subject
        for flight in list(self._flights.values()):
            moves = flight.known is stay.known and flight.target.verb == MIGRATE and flight.target.subject[1] == name
            if moves and flight.end:
                self._finish(flight, failed(BrokenOff(name=name)), "broken off")

    def _finish(self, flight: _Flight, outcome: Outcome, said: str) -> None:
        del self._flights[_key(flight.request)]
        self._journal.end(flight.entry, said, flight.rule.id if flight.rule else None)
        if flight.end:
            flight.end(outcome)


def _key(request: Request) -> tuple[str, str]:
    return request.resource, request.command


def _said(request: Request, verdict: Verdict) -> str:
    if verdict.fate is Fate.REFUSED:
        return "refused: stale epoch"
    if request.act is Act.ABORT:
        return _stopped(verdict)
    return f"repeated: {verdict.fate}" if request.act is Act.SEND and not verdict.begin else verdict.fate


def _stopped(verdict: Verdict) -> str:
    """What a host says to an ABORT: what runs here did not act yet, what is new to it never will."""
    error = (verdict.entry and verdict.entry.error) or {}
    return ABORTED if verdict.fate is Fate.RUNNING or error.get("code") == Aborted.code else verdict.fate
