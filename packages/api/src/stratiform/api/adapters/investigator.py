"""The investigator adapter: an adviser that judges whether a silent host is dead."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from stratiform.api.spec import Spec


class HostView(Spec, frozen=True, kw_only=True):
    """A host as high availability sees it at one moment."""

    uuid: str
    name: str
    hypervisor: str
    zone: str
    pod: str
    cluster: str
    pools: tuple[str, ...] = ()
    """UUIDs of the storage pools that it uses."""
    connected: bool = False
    """Whether its own channel answers."""
    silent: int = 0
    """Microseconds since it last answered; the view carries the time, so that nobody reads a clock."""


class Probe(Spec, frozen=True, kw_only=True):
    """A question about a host, which the engine puts and the investigator never does."""

    target: str
    """UUID of the host that is asked about."""
    via: str = ""
    """UUID of the host that asks; empty for the server itself."""
    question: str
    """What to look at, in the words of the effector that answers, for example `ping` or `heartbeat`."""
    pool: str = ""
    """UUID of the storage pool where it looks, if it is one that looks there."""


class Sight(StrEnum):
    """What an answer says of the host that was asked about."""

    ALIVE = "alive"
    SILENT = "silent"
    """Looked, and found no sign of it."""
    UNASKED = "unasked"
    """Could not look: no evidence of anything."""


class Answer(Spec, frozen=True, kw_only=True):
    """What became of a probe."""

    sight: Sight
    detail: str = ""
    """For people, for example `no heartbeat for 93 s`."""


class Liveness(StrEnum):
    """What an investigator believes."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Nothing is done on it."""


class Vote(Spec, frozen=True, kw_only=True):
    """A belief and what it rests on."""

    liveness: Liveness
    evidence: tuple[str, ...] = ()
    """One sentence each, for people; `up` and `down` have at least one."""


class Investigator(Protocol):
    """Asks, then judges. Pure: it never blocks and never sends, so that a decision can be rehearsed."""

    name: str
    order: int

    def probes(self, host: HostView, peers: Sequence[HostView]) -> Sequence[Probe]:
        """What to ask about the host, each question once; none goes through the host itself.

        Only peers that are connected are asked through; an empty `via` asks the server.
        """

    def judge(self, host: HostView, answers: Mapping[Probe, Answer]) -> Vote:
        """What to believe: one answer that saw the host alive rules out `down`, and no evidence is `unknown`.

        Answers that could not be had are no evidence, and the order of the answers does not matter.
        """
