"""Rules: which commands to which hosts go wrong, and how."""

from collections.abc import Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random

import msgspec
from msgspec.structs import replace

from stratiform.plugins.hypervisor.simulator.latency import Distribution
from stratiform.plugins.hypervisor.simulator.state import State

ANY = "*"


class Action(StrEnum):
    """What a rule does to a command."""

    ACT = "act"
    """Nothing, but for the rule's delay."""
    FAIL = "fail"
    """It fails with the rule's error and has no effect."""
    HANG = "hang"
    """It never acts and never answers; asked, the host says that it runs."""
    LOSE = "lose"
    """It acts, and its answer is lost; asked, the host says that it is done."""
    TWICE = "twice"
    """It acts, and its answer comes twice."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to commands that fit; of all rules that fit one, the most specific happens to it."""

    id: int = 0
    """Given when the rule is added."""
    host: str = ANY
    """UUID or URL, with shell wildcards, as the two below."""
    verb: str = ANY
    """For example `Hypervisor.start`."""
    subject: str = ANY
    """UUID or name of a virtual machine, or UUID or path of a volume."""
    action: Action = Action.ACT
    error: str = "a fault was simulated"
    delay: Distribution | None = None
    """How long it takes, in place of the verb's latency."""
    count: int | None = None
    """How many commands it still happens to; then the rule is gone."""
    probability: float = 1.0
    """Of happening to a command that fits; if it does not, the next rule may."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a command is about, in the words that rules name."""

    host: tuple[str, str]
    """UUID and URL."""
    verb: str
    subject: tuple[str, str]
    """UUID, and name or path; empty where it is not known."""


def specificity(rule: Rule) -> tuple[int, int, int, int]:
    """Higher is more specific: more named, then fewer wildcards, then longer, then newer."""
    named = [text for text in (rule.host, rule.verb, rule.subject) if text != ANY]
    exact = [text for text in named if not _wild(text)]
    return len(named), len(exact), sum(map(len, named)), rule.id


def fits(rule: Rule, target: Target) -> bool:
    """Whether the rule names this command."""
    return (
        (rule.verb == ANY or fnmatchcase(target.verb, rule.verb))
        and (rule.host == ANY or any(fnmatchcase(text, rule.host) for text in target.host))
        and (rule.subject == ANY or any(fnmatchcase(text, rule.subject) for text in target.subject))
    )


class Rules:
    """Every rule there is, kept in the state file."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rules = {rule.id: rule for rule in state.rows(_rule, "SELECT id, rule FROM rule")}
        self._sort()

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, rule: Rule) -> int:
        """Add a rule; answers its id."""
        number = self._state.change("INSERT INTO rule (rule) VALUES (?)", msgspec.json.encode(rule))
        self._rules[number] = replace(rule, id=number)
        self._sort()
        return number

    def remove(self, number: int) -> None:
        """Remove a rule; do nothing if there is none with this id."""
        self._state.change("DELETE FROM rule WHERE id = ?", number)
        self._rules.pop(number, None)
        self._sort()

    def list(self) -> Sequence[Rule]:
        """Every rule, in the order they were added."""
        return [self._rules[number] for number in sorted(self._rules)]

    def pick(self, target: Target, source: Random) -> Rule | None:
        """The rule that happens to a command, which uses up one of its count."""
        exact = [rule for host in target.host for rule in self._exact.get(host, ())]
        candidates = [rule for rule in (*self._broad, *exact) if fits(rule, target)]
        for rule in sorted(candidates, key=specificity, reverse=True):
            if rule.probability >= 1 or source.random() < rule.probability:
                self._use(rule)
                return rule
        return None

    def _use(self, rule: Rule) -> None:
        if rule.count is None:
            return
        if rule.count <= 1:
            self.remove(rule.id)
            return
        self._rules[rule.id] = replace(rule, count=rule.count - 1)
        data = msgspec.json.encode(self._rules[rule.id])
        self._state.change("UPDATE rule SET rule = ? WHERE id = ?", data, rule.id)
        self._sort()

    def _sort(self) -> None:
        self._broad = [rule for rule in self._rules.values() if rule.host == ANY or _wild(rule.host)]
        self._exact: dict[str, list[Rule]] = {}
        for rule in self._rules.values():
            if rule.host != ANY and not _wild(rule.host):
                self._exact.setdefault(rule.host, []).append(rule)


def _rule(number: int, data: bytes) -> Rule:
    return replace(msgspec.json.decode(data, type=Rule), id=number)


def _wild(text: str) -> bool:
    return any(sign in text for sign in "*?[")
